// What ECharts is told to draw: its option, made of a chart's data (see chart.js) and of the page's colours.
import { moment, number, tick, timeTick } from "./format.js";

const COLOURS = 8; // --chart-1 to --chart-8
const MINUTE = 60_000; // milliseconds
const NAME_WIDTH = 150; // pixels at most, of what stands beside horizontal bars
const ROLES = ["good", "bad", "wait", "plain"];

// What a chart draws into: texts, colours and whether it may move. `element` has the custom properties of chart.css.
export function lookOf(element) {
  const probe = element.appendChild(document.createElement("i"));
  const colour = (name) => {
    probe.style.color = `var(--chart-${name})`;
    return getComputedStyle(probe).color;
  };
  const names = ["ink", "muted", "line", "surface", "best", ...ROLES, ...Array.from({ length: COLOURS }, (_, n) => n + 1)];
  const colours = Object.fromEntries(names.map((name) => [name, colour(name)]));
  probe.remove();
  return { colours, font: getComputedStyle(element).fontFamily, moves: !matchMedia("(prefers-reduced-motion: reduce)").matches };
}

export const isHorizontal = (chart) => chart.x.type === "category" && chart.kind === "bar";

// Return a colour for each series: by its role, else the next of the palette.
export function coloursOf(chart, { colours }) {
  let next = 0;
  return seriesOf(chart).map(({ role, colour }) => {
    if (role === "best" && !colour) return colours.best;
    if (ROLES.includes(role)) return colours[role];
    return colours[((colour ?? (next += 1)) - 1) % COLOURS + 1];
  });
}

export const seriesOf = (chart) => chart.series ?? [{ name: chart.y.label ?? chart.title, data: chart.parts.map(([from, to, count]) => [(from + to) / 2, count]) }];

export function optionOf(chart, look, [start, end], tooltip) {
  const x = axisOf(chart.x, chart, look, end - start);
  const across = isHorizontal(chart);
  const y = valueAxis(across ? {} : chart.y, look, chart);
  return {
    animation: look.moves,
    animationDuration: 200,
    animationDurationUpdate: 200,
    useUTC: chart.x.zone === "UTC",
    textStyle: { fontFamily: look.font, color: look.colours.ink },
    grid: { left: 8, right: 20, top: y.name ? 34 : 14, bottom: x.name ? 28 : 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: { show: false },
    xAxis: across ? y : x,
    yAxis: across ? { ...x, inverse: true } : y,
    dataZoom: [zoomOf(across, start, end)],
    tooltip: {
      trigger: chart.kind === "scatter" ? "item" : "axis",
      axisPointer: { type: ["bar", "stacked", "histogram"].includes(chart.kind) ? "shadow" : "line", label: { show: false }, lineStyle: { color: look.colours.muted } },
      confine: true,
      transitionDuration: 0,
      className: "chart-tip",
      padding: 0,
      borderWidth: 0,
      backgroundColor: look.colours.surface,
      formatter: tooltip,
    },
    series: seriesOf(chart).map((series, place) => drawnSeries(series, chart, coloursOf(chart, look)[place], across)),
  };
}

// The same as a picture on its own: with its title, and a legend where there is more than one series.
export function pictureOf(option, chart, look) {
  const rows = option.series.length > 1 ? Math.ceil(option.series.length / 3) : 0;
  const textStyle = { color: look.colours.ink, fontFamily: look.font };
  return {
    ...option,
    animation: false,
    tooltip: undefined,
    backgroundColor: look.colours.surface,
    title: { text: chart.title, left: 16, top: 12, textStyle: { ...textStyle, fontSize: 16, width: 760, overflow: "truncate" } },
    legend: { show: rows > 0, left: 16, right: 16, bottom: 8, icon: "roundRect", itemHeight: 6, textStyle },
    grid: { ...option.grid, left: 16, right: 32, top: 70, bottom: 16 + 26 * rows },
  };
}

function zoomOf(across, startValue, endValue) {
  return {
    type: "inside",
    [across ? "yAxisIndex" : "xAxisIndex"]: 0,
    filterMode: "none", // a line goes on beyond the edges
    zoomOnMouseWheel: "ctrl", // the wheel alone scrolls the page
    moveOnMouseWheel: false,
    moveOnMouseMove: "shift", // dragging alone chooses a period
    preventDefaultMouseMove: false,
    startValue,
    endValue,
  };
}

function axisOf({ type, label, categories, zone }, chart, look, span) {
  const texts = { color: look.colours.muted, fontSize: 12, hideOverlap: true };
  const lines = { axisLine: { lineStyle: { color: look.colours.line } }, axisTick: { show: false }, splitLine: { show: false } };
  if (type === "category") {
    const names = { ...texts, color: look.colours.ink, width: NAME_WIDTH, overflow: "truncate" };
    return { type: "category", data: categories, axisLabel: names, ...lines };
  }
  const isTime = type === "time";
  const name = isTime || chart.parts ? {} : { name: label, nameLocation: "middle", nameGap: 26, nameTextStyle: { color: look.colours.muted } };
  const formatter = isTime ? (time) => timeTick(time, zone, span) : tick;
  return { type: isTime ? "time" : "value", scale: true, splitNumber: 5, minInterval: isTime ? MINUTE : undefined, axisLabel: { ...texts, formatter }, ...lines, ...name, ...edges(chart) };
}

// Lines end at the edges; bars need room for the halves of the first and the last.
function edges({ kind, x, parts }) {
  if (parts) return { min: parts[0][0], max: parts.at(-1)[1] };
  return kind === "step" && x.end ? { max: x.end } : {};
}

function valueAxis({ label }, look, { kind, size }) {
  return {
    show: size !== "small",
    type: "value",
    name: label ?? "",
    nameTextStyle: { color: look.colours.muted, align: "left" },
    scale: ["line", "step", "scatter"].includes(kind),
    minInterval: kind === "histogram" || kind === "stacked" ? 1 : undefined,
    splitNumber: 4,
    axisLabel: { color: look.colours.muted, fontSize: 12, formatter: tick, hideOverlap: true },
    splitLine: { lineStyle: { color: look.colours.line } },
  };
}

function drawnSeries({ name, data, role, links }, chart, colour, across) {
  const common = { name, itemStyle: { color: colour }, cursor: links ? "pointer" : "default" };
  switch (chart.kind) {
    case "scatter":
      return { ...common, type: "scatter", symbolSize: 7, large: data.length > 5000, data };
    case "bar":
    case "stacked":
    case "histogram": {
      const bars = across ? data.map(([place, value]) => [value, place]) : data;
      const radius = chart.kind === "stacked" ? 0 : across ? [0, 3, 3, 0] : [3, 3, 0, 0];
      return { ...common, itemStyle: { color: colour, borderRadius: radius }, type: "bar", stack: chart.kind === "stacked" ? "all" : undefined, ...widthOf(chart), data: bars };
    }
    default:
      return { ...common, ...lineOf(role, colour, data, chart.kind === "step"), data: chart.kind === "step" ? steps(data, chart.x.end) : data, step: chart.kind === "step" ? "end" : false };
  }
}

const widthOf = ({ kind, x }) => (kind === "histogram" ? { barWidth: "99%", barGap: 0 } : x.type === "category" ? { barMaxWidth: 22 } : { barMaxWidth: 28 });

function lineOf(role, color, data, isStep) {
  const isBest = role === "best", isGone = role === "gone";
  return {
    type: "line",
    z: isBest ? 4 : isGone ? 2 : 3,
    showSymbol: data.length === 1 || (data.length < 40 && !isStep),
    symbolSize: 5,
    emphasis: { disabled: true },
    lineStyle: { color, width: isBest ? 4 : isGone ? 1 : 2, opacity: isGone ? 0.45 : 1, type: isGone ? "dashed" : "solid", join: "round" },
  };
}

// A price holds until the next, also where the next is none, and the last until the end.
function steps(data, end) {
  const [, last] = data.at(-1) ?? [end, null];
  const held = end && last !== null ? [[end, last]] : [];
  const drawn = data.flatMap((point, place) => {
    const before = data[place - 1];
    return point[1] === null && before && before[1] !== null ? [[point[0], before[1]], [point[0], null]] : [point.slice(0, 2)];
  });
  return [...drawn, ...held];
}

// What a series says at `x`: [value, more, place of its point], undefined where it says nothing. Of a step it is what held then.
export function valueAt({ data }, chart, x) {
  let place = data.findIndex((point) => point[0] === x);
  if (chart.kind === "step") place = data.findLastIndex((point) => point[0] <= x);
  const point = data[place];
  return point && point[1] !== null ? { value: point[1], more: point[2], place } : undefined;
}

export function nameOf(chart, x) {
  if (chart.parts) {
    const [from, to] = chart.parts.find(([from, to]) => from <= x && x <= to);
    return `${number(from)} – ${number(to)}`;
  }
  if (chart.x.type === "category") return chart.x.categories[x];
  if (chart.x.type !== "time") return `${chart.x.label ? `${chart.x.label} ` : ""}${number(x)}`;
  return moment(x, chart.x.zone);
}
