// The part of ECharts that static/apron/charts/ uses; `make vendor` bundles it.
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { DataZoomInsideComponent, GridComponent, LegendPlainComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, ScatterChart, CanvasRenderer, SVGRenderer]);
use([DataZoomInsideComponent, GridComponent, LegendPlainComponent, TitleComponent, TooltipComponent]);

export { init } from "echarts/core";
