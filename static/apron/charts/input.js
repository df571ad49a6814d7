// Keys and pointers on a chart: every point is reached and every zoom is made by either.
import { element } from "./elements.js";
import { isHorizontal } from "./options.js";

const DRAG = 6; // pixels from which on a click is a drag

export function watchKeys(chart) {
  const actions = {
    ArrowRight: (shift) => (shift ? chart.move(0.25) : chart.goTo(chart.place + 1)),
    ArrowLeft: (shift) => (shift ? chart.move(-0.25) : chart.goTo(chart.place - 1)),
    ArrowDown: () => (isHorizontal(chart.chart) ? chart.goTo(chart.place + 1) : chart.chooseSeries(1)),
    ArrowUp: () => (isHorizontal(chart.chart) ? chart.goTo(chart.place - 1) : chart.chooseSeries(-1)),
    PageDown: () => chart.goTo(chart.place + 10),
    PageUp: () => chart.goTo(chart.place - 10),
    Home: () => chart.goTo(0),
    End: () => chart.goTo(Infinity),
    "+": () => chart.zoomBy(0.5),
    "=": () => chart.zoomBy(0.5), // + without Shift on many keyboards
    "-": () => chart.zoomBy(2),
    0: () => chart.zoomTo(...chart.whole),
    Enter: () => chart.open(),
    Escape: () => chart.canvas.dispatchAction({ type: "hideTip" }),
  };
  chart.plot.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action(event.shiftKey);
  });
  chart.plot.addEventListener("blur", () => chart.canvas.dispatchAction({ type: "hideTip" }));
}

// Dragging over the drawing chooses what to zoom to; a double click shows everything again.
export function watchPointer(chart) {
  const { plot } = chart;
  let from = null;
  let chosen = null;
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    return isHorizontal(chart.chart) ? event.clientY - box.top : event.clientX - box.left;
  };
  const end = () => {
    chosen?.remove();
    from = chosen = null;
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.shiftKey && !chart.chart.size) from = at(event);
  });
  plot.addEventListener("pointermove", (event) => {
    if (from === null || (!chosen && Math.abs(at(event) - from) < DRAG)) return;
    if (!chosen) {
      plot.setPointerCapture(event.pointerId);
      chosen = plot.appendChild(element("div", { className: "chart-chosen" }));
    }
    mark(chart, chosen, Math.min(from, at(event)), Math.abs(at(event) - from));
  });
  plot.addEventListener("pointerup", (event) => {
    if (chosen) chart.zoomTo(valueOf(chart, from), valueOf(chart, at(event)));
    end();
  });
  plot.addEventListener("pointercancel", end);
  plot.addEventListener("dblclick", () => chart.zoomTo(...chart.whole));
}

function mark(chart, chosen, start, length) {
  const [edge, size, top, height] = isHorizontal(chart.chart) ? ["top", "height", "left", "width"] : ["left", "width", "top", "height"];
  Object.assign(chosen.style, { [edge]: `${start}px`, [size]: `${length}px`, [top]: "0", [height]: "100%" });
}

const valueOf = (chart, pixel) => chart.canvas.convertFromPixel({ [isHorizontal(chart.chart) ? "yAxisIndex" : "xAxisIndex"]: 0 }, pixel);
