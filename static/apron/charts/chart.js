// A chart: a figure that is drawn from data, read by mouse, by touch and by keyboard, and kept as a picture.
//
// On a page: {% include "parts/chart.html" with chart=data id="prices" %}, and {% include "parts/chart_head.html" %} in its head.
// From a script: renderChart(figure, data), which this module exports, draws, and draws anew what is there.
//
// `data` is either what to draw:
//   {kind: "line" | "step" | "bar" | "stacked" | "scatter", title, x: {label, type: "time" | "number" | "category", categories, zone},
//    y: {label}, more: "in stock", series: [{name, role, colour, change, data: [[x, y, more], …], links: [address of each point]}],
//    ranges: [[label, seconds], …], note, size: "small" | "medium"}
//   Times are milliseconds; zone "UTC" shows them as written, without it they are on the reader's clock. A category's x is its place.
//   x.end: until when the last of a step holds.
//   role: "best", "gone", "good", "bad", "wait", "plain". A `step` holds until the next; y null: there is none. `change`: in percent, of a step.
//   A histogram that is counted already: {kind: "histogram", title, x: {type: "number"}, y: {}, parts: [[from, to, count], …]}
// or a table, of which the reader chooses the chart, among those that its columns allow:
//   {table: {columns: [{name, kind: "number" | "date" | "text", key: true}], rows: [[…], …]}, kind, y, x}
//   `key`: rows are grouped by it. kind, y (a column), x (a column, for a scatter chart): what was chosen before; all optional.
//
// The figure sends "chartchange" ({kind, y, x}) when the reader chooses, and "chartzoom" ({start, end}, of x) when they zoom.
import { gettext, interpolate } from "../i18n.js";
import { tipOf, toolsOf, legendOf, element } from "./elements.js";
import { lookOf, nameOf, optionOf, pictureOf, isHorizontal, seriesOf, valueAt } from "./options.js";
import { choicesOf, drawn } from "./table.js";
import { watchKeys, watchPointer } from "./input.js";

const BAR_HEIGHT = 28; // pixels, of a horizontal bar with its share of what is around it
const PICTURE = { width: 900, height: 480 };
const charts = new WeakMap();
const library = () => import("../../vendor/echarts.min.js");

export async function renderChart(figure, data) {
  const { init } = await library();
  if (!charts.has(figure)) charts.set(figure, new Chart(figure, init));
  charts.get(figure).show(data);
}

class Chart {
  constructor(figure, init) {
    Object.assign(this, { figure, init, zoom: null, place: -1, chosen: 0 });
    this.plot = element("div", { className: "chart-plot", tabIndex: 0, role: "application" });
    this.said = element("p", { className: "chart-said", role: "status" });
    this.help = element("p", { className: "chart-help", id: `${figure.id || "chart"}-help` });
    this.plot.setAttribute("aria-describedby", this.help.id);
    watchKeys(this);
    watchPointer(this);
    new ResizeObserver(() => this.canvas?.resize()).observe(this.plot);
    const redraw = () => this.canvas && this.draw();
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["class", "data-theme"] });
    for (const wish of ["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"]) matchMedia(wish).addEventListener("change", redraw);
  }

  // Take new data, with what was chosen of a table kept where it is still there.
  show(data) {
    this.data = data;
    this.choices = data.table ? choicesOf(data.table) : null;
    this.choose({ kind: data.kind, y: data.y, x: data.x });
  }

  choose({ kind, y, x }) {
    if (this.choices) {
      const { kinds, measures, axes } = this.choices;
      this.figure.hidden = !kinds.length;
      if (!kinds.length) return;
      const among = (value, values) => (values.includes(value) ? value : values[0]);
      const measure = among(y, measures);
      this.choice = { kind: among(kind, kinds), y: measure, x: among(x, axes.filter((name) => name !== measure)) };
      this.chart = { ...drawn(this.data.table, this.choice), size: this.data.size };
    } else {
      this.chart = this.data;
      this.figure.hidden = false;
    }
    this.prepare();
  }

  prepare() {
    const { chart } = this;
    this.series = seriesOf(chart);
    this.hidden = new Set();
    this.xs = [...new Set(this.series.flatMap(({ data }) => data.map(([x]) => x)))].sort((one, other) => one - other);
    const [first, last] = chart.parts ? [chart.parts[0][0], chart.parts.at(-1)[1]] : [this.xs[0], Math.max(this.xs.at(-1), chart.x.end ?? -Infinity)];
    this.whole = [first, last];
    this.zoom = this.whole;
    this.place = -1;
    this.figure.classList.remove("small", "medium");
    if (chart.size) this.figure.classList.add(chart.size);
    this.plot.setAttribute("aria-label", chart.title);
    this.plot.setAttribute("aria-roledescription", gettext("chart"));
    this.plot.style.height = isHorizontal(chart) ? `${this.xs.length * BAR_HEIGHT + 48}px` : "";
    this.help.textContent = this.series.some(({ links }) => links)
      ? gettext("Drag over the chart, or press + and −, to zoom; 0 shows everything. Arrow keys go from point to point, Enter shows the rows.")
      : gettext("Drag over the chart, or press + and −, to zoom; 0 shows everything. Arrow keys go from point to point.");
    const left = chart.left > 0 ? interpolate(gettext("%(count)s more are not drawn."), { count: chart.left }) : "";
    const note = chart.note || left;
    this.tools = toolsOf(this);
    this.legend = this.series.length > 1 ? legendOf(this) : "";
    this.figure.replaceChildren(this.tools, this.plot, this.help, this.said, this.legend, note ? element("p", { className: "chart-note", textContent: note }) : "");
    this.canvas ??= this.init(this.plot, null, { renderer: "canvas" });
    if (!this.isWatched) this.watch();
    this.draw();
  }

  watch() {
    this.isWatched = true;
    this.canvas.on("datazoom", () => {
      const { startValue, endValue } = this.canvas.getOption().dataZoom[0];
      if (startValue !== this.zoom[0] || endValue !== this.zoom[1]) this.noteZoom([startValue, endValue]);
    });
    this.canvas.on("click", ({ seriesIndex, dataIndex }) => this.follow(this.series[seriesIndex], dataIndex));
    this.canvas.getZr().on("click", ({ target, offsetX, offsetY }) => target || this.followColumn(offsetX, offsetY));
  }

  draw() {
    this.look = lookOf(this.figure);
    this.option = optionOf(this.chart, this.look, this.zoom, (params) => this.tip(params));
    this.legendColours?.(this.look);
    this.canvas.resize();
    this.canvas.setOption(this.option, { notMerge: true });
    for (const name of this.hidden) this.canvas.dispatchAction({ type: "legendUnSelect", name });
  }

  // --- Zoom ---

  zoomTo(start, end) {
    const [first, last] = this.whole;
    const [from, to] = [Math.max(Math.min(start, end), first), Math.min(Math.max(start, end), last)];
    if (to > from || this.chart.x.type === "category") this.noteZoom(this.chart.x.type === "category" ? [Math.round(from), Math.round(to)] : [from, to]);
    this.canvas.dispatchAction({ type: "dataZoom", startValue: this.zoom[0], endValue: this.zoom[1] });
  }

  // Show more or less, around the point the reader is at.
  zoomBy(factor) {
    const [start, end] = this.zoom;
    const middle = this.xs[this.place] >= start && this.xs[this.place] <= end ? this.xs[this.place] : (start + end) / 2;
    this.zoomTo(middle - (middle - start) * factor, middle + (end - middle) * factor);
  }

  move(share) {
    const [start, end] = this.zoom;
    const [first, last] = this.whole;
    const step = Math.max(first - start, Math.min(last - end, (end - start) * share));
    this.zoomTo(start + step, end + step);
  }

  noteZoom([start, end]) {
    this.zoom = [start, end];
    this.tools.showZoom();
    this.figure.dispatchEvent(new CustomEvent("chartzoom", { bubbles: true, detail: { start, end } }));
    this.said.textContent = this.isWhole ? gettext("Everything is shown.") : interpolate(gettext("From %(start)s to %(end)s."), { start: nameOf(this.chart, start), end: nameOf(this.chart, end) });
  }

  get isWhole() {
    return this.zoom[0] <= this.whole[0] && this.zoom[1] >= this.whole[1];
  }

  // --- Points ---

  get shown() {
    return this.series.filter(({ name }) => !this.hidden.has(name));
  }

  // What all series say at a place: [{series, value, more, place}], the cheapest first where prices are compared.
  saidAt(x) {
    const found = this.shown.flatMap((series) => {
      const at = valueAt(series, this.chart, x);
      return at ? [{ series, ...at }] : [];
    });
    return this.chart.kind === "step" ? found.sort((one, other) => (other.series.role === "best") - (one.series.role === "best") || one.value - other.value) : found;
  }

  // What ECharts asks for while the pointer moves.
  tip(params) {
    const [first] = Array.isArray(params) ? params : [params];
    if (!first) return "";
    if (this.chart.kind === "scatter") return tipOf(this, first.value[0], [{ series: this.series[0], value: first.value[1] }]);
    const x = this.chart.x.type === "category" ? first.dataIndex : first.axisValue;
    if (!this.isByKey) this.place = this.xs.indexOf(x);
    return tipOf(this, x, this.saidAt(x));
  }

  // Go to a point, show its tooltip and say it.
  goTo(place) {
    const [start, end] = this.zoom;
    const inside = this.xs.flatMap((x, at) => (x >= start && x <= end ? [at] : []));
    if (!inside.length) return;
    this.place = Math.min(Math.max(place, inside[0]), inside.at(-1));
    const x = this.xs[this.place];
    const said = this.saidAt(x);
    this.chosen = Math.min(this.chosen, Math.max(said.length - 1, 0));
    this.isByKey = true;
    const pixel = this.canvas.convertToPixel({ [isHorizontal(this.chart) ? "yAxisIndex" : "xAxisIndex"]: 0 }, x);
    const middle = this.plot.clientHeight / 2;
    const [across, down] = isHorizontal(this.chart) ? [this.plot.clientWidth / 2, pixel] : [pixel, middle];
    if (this.chart.kind === "scatter") this.canvas.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: this.series[0].data.findIndex((point) => point[0] === x) });
    else this.canvas.dispatchAction({ type: "showTip", x: across, y: down });
    this.isByKey = false;
    this.said.textContent = tipOf(this, x, said).dataset.text;
  }

  // Choose among what is said at the point: Enter follows its link.
  chooseSeries(step) {
    this.chosen = Math.max(this.chosen + step, 0);
    this.goTo(this.place);
  }

  open() {
    const said = this.saidAt(this.xs[this.place]);
    const { series, place } = said[this.chosen] ?? said[0] ?? {};
    if (series) this.follow(series, place);
  }

  // A click beside a bar counts for its column: a bar may be a pixel high.
  followColumn(pixelX, pixelY) {
    if (!this.series.some(({ links }) => links) || !this.canvas.containPixel("grid", [pixelX, pixelY])) return;
    const at = this.canvas.convertFromPixel({ xAxisIndex: 0 }, pixelX);
    const x = this.xs.reduce((one, other) => (Math.abs(other - at) < Math.abs(one - at) ? other : one));
    const found = this.saidAt(x).find(({ value }) => value);
    if (found) this.follow(found.series, found.place);
  }

  follow(series, place) {
    const address = series.links?.[place];
    if (address) location.assign(address);
  }

  toggle(name) {
    this.hidden.has(name) ? this.hidden.delete(name) : this.hidden.add(name);
    this.canvas.dispatchAction({ type: "legendToggleSelect", name });
  }

  // --- Pictures ---

  async save(type) {
    const option = pictureOf(this.option, this.chart, this.look);
    const height = isHorizontal(this.chart) ? this.plot.clientHeight + 90 : PICTURE.height;
    const picture = this.init(type === "svg" ? null : document.createElement("div"), null, { ...PICTURE, height, renderer: type === "svg" ? "svg" : "canvas", ssr: type === "svg" });
    picture.setOption(option);
    for (const name of this.hidden) picture.dispatchAction({ type: "legendUnSelect", name });
    const blob = type === "svg"
      ? new Blob([picture.renderToSVGString()], { type: "image/svg+xml" })
      : await new Promise((done) => picture.renderToCanvas({ pixelRatio: 2, backgroundColor: this.look.colours.surface }).toBlob(done));
    picture.dispose();
    const link = element("a", { href: URL.createObjectURL(blob), download: `${this.chart.title.replace(/[^\p{L}\p{N}]+/gu, "-")}.${type}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}

// --- Charts of the page: drawn when they come near to what is seen ---

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      draw(target);
    }
  },
  { rootMargin: "400px" },
);

async function draw(figure) {
  const { source, sourceAddress } = figure.dataset;
  if (source) return renderChart(figure, JSON.parse(document.getElementById(source).textContent));
  const answer = await fetch(sourceAddress, { headers: { Accept: "application/json" } });
  if (answer.ok) await renderChart(figure, await answer.json());
}

for (const figure of document.querySelectorAll(".chart-figure[data-source], .chart-figure[data-source-address]")) near.observe(figure);
