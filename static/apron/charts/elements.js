// What stands around a chart's drawing: the tools, the legend, the tooltip. Styles are set by script, which the policy allows.
import { gettext } from "../i18n.js";
import { moment, number, percent } from "./format.js";
import { coloursOf, nameOf } from "./options.js";

const MOST_SAID = 16; // lines of a tooltip
const KINDS = {
  bar: () => gettext("Bars"),
  line: () => gettext("Line"),
  scatter: () => gettext("Scatter"),
  histogram: () => gettext("Histogram"),
};

export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const button = (label, onclick, name) => {
  const made = element("button", { type: "button", textContent: label, onclick });
  if (name) made.ariaLabel = made.title = name;
  return made;
};
const group = (label, ...children) => element("div", { role: "group", ariaLabel: label }, ...children);

// Kinds and columns to choose, periods to zoom to, pictures to keep.
export function toolsOf(chart) {
  const tools = element("div", { className: "chart-tools" });
  tools.hidden = Boolean(chart.chart.size); // a chart that small is read, not worked with
  if (chart.choices) tools.append(...choosers(chart));
  const all = button(gettext("All"), () => chart.zoomTo(...chart.whole));
  const ranges = rangesOf(chart);
  const closer = button("+", () => chart.zoomBy(0.5), gettext("Zoom in"));
  const wider = button("−", () => chart.zoomBy(2), gettext("Zoom out"));
  if (chart.xs.length > 2) tools.append(group(gettext("Zoom"), ...ranges.map(([made]) => made), all, closer, wider));
  tools.append(group(gettext("Save as an image"), ...["png", "svg"].map((type) => button(type.toUpperCase(), () => chart.save(type), type === "png" ? gettext("Save as PNG") : gettext("Save as SVG")))));
  tools.lastChild.classList.add("chart-save");
  tools.showZoom = () => {
    const [start, end] = chart.zoom;
    all.ariaPressed = wider.disabled = chart.isWhole;
    for (const [made, length] of ranges) made.ariaPressed = !chart.isWhole && Math.abs(end - start - length) < 1000;
  };
  tools.showZoom();
  return tools;
}

// Buttons for the last hour, day, week … that is shorter than the whole, with their lengths in milliseconds.
function rangesOf(chart) {
  const [first, last] = chart.whole;
  return (chart.chart.ranges ?? [])
    .map(([label, seconds]) => [label, seconds * 1000])
    .filter(([, length]) => length < (last - first) * 0.95)
    .map(([label, length]) => [button(label, () => chart.zoomTo(last - length, last)), length]);
}

function choosers(chart) {
  const { choices, choice } = chart;
  const choose = (change, selector) => {
    chart.choose({ ...choice, ...change });
    chart.figure.dispatchEvent(new CustomEvent("chartchange", { bubbles: true, detail: chart.choice }));
    chart.figure.querySelector(selector)?.focus();
  };
  const kinds = choices.kinds.map((kind) => {
    const made = button(KINDS[kind](), () => choose({ kind }, `[data-kind="${kind}"]`));
    made.dataset.kind = kind;
    made.ariaPressed = kind === choice.kind;
    return made;
  });
  const made = kinds.length > 1 ? [group(gettext("Kind of chart"), ...kinds)] : [];
  if (choices.measures.length > 1) made.push(select(gettext("Number"), "y", choices.measures, choice.y, choose));
  const others = choices.axes.filter((name) => name !== choice.y);
  if (choice.kind === "scatter" && others.length > 1) made.push(select(gettext("Against"), "x", others, choice.x, choose));
  return made;
}

function select(label, name, values, value, choose) {
  const options = values.map((each) => element("option", { value: each, textContent: each, selected: each === value }));
  const made = element("select", { ariaLabel: label, onchange: () => choose({ [name]: made.value }, `[data-choose="${name}"]`) }, ...options);
  made.dataset.choose = name;
  return element("div", {}, label, made);
}

export function swatch(colour) {
  const made = element("span", { className: "chart-swatch" });
  made.style.background = colour;
  return made;
}

// A button for each series, which hides it and shows it again.
export function legendOf(chart) {
  const swatches = chart.series.map(() => swatch(""));
  const items = chart.series.map((series, place) => {
    const { name, role } = series;
    const made = element("button", { type: "button", ariaPressed: true, className: role === "gone" ? "gone" : "" }, swatches[place], name, detailOf(chart, series));
    made.onclick = () => {
      chart.toggle(name);
      made.ariaPressed = !chart.hidden.has(name);
    };
    return element("li", {}, made);
  });
  chart.legendColours = (look) => coloursOf(chart.chart, look).forEach((colour, place) => (swatches[place].style.background = colour));
  return element("ul", { className: "chart-legend", ariaLabel: gettext("Series") }, ...items);
}

// The last price with its change, which a reader looks for first.
function detailOf({ chart }, { role, data, change }) {
  const [, last] = chart.kind === "step" ? data.at(-1) : [];
  if (last === undefined) return "";
  const without = role === "gone" ? gettext("gone") : gettext("none");
  const text = last === null ? without : [number(last), change === null ? "" : `(${percent(change)})`].join(" ");
  return element("span", { className: "chart-detail", textContent: text });
}

// What all series say at x; `dataset.text` is the same in words.
export function tipOf(chart, x, said) {
  const colours = coloursOf(chart.chart, chart.look);
  const head = nameOf(chart.chart, x);
  const isOwnClock = chart.chart.x.type === "time" && !chart.chart.x.zone;
  const caption = element("caption", {}, head, isOwnClock ? element("small", { textContent: `${moment(x, "UTC")} UTC` }) : "");
  const shown = said.slice(0, MOST_SAID);
  const rows = shown.map(({ series, value, more }, place) => {
    const name = element("th", { scope: "row" }, swatch(colours[chart.series.indexOf(series)]), series.name);
    const cells = [element("td", { textContent: number(value) })];
    if (chart.chart.more) cells.push(element("td", { textContent: moreOf(chart, more) }));
    const isChosen = place === chart.chosen && series.links;
    return element("tr", { className: isChosen ? "chosen" : series.role === "gone" ? "gone" : "" }, name, ...cells);
  });
  const made = element("div", { ariaHidden: true }, element("table", {}, caption, element("tbody", {}, ...rows)));
  if (!said.length) made.append(element("small", { textContent: gettext("none") }));
  if (said.length > shown.length) made.append(element("small", { textContent: `+ ${said.length - shown.length}` }));
  const words = shown.map(({ series, value, more }) => `${series.name}: ${number(value)}${chart.chart.more ? `, ${moreOf(chart, more)}` : ""}`);
  made.dataset.text = [head, ...words].join("; ");
  return made;
}

const moreOf = (chart, more) => (more === null || more === undefined ? "" : `${number(more)} ${chart.chart.more}`);
