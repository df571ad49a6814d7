// Which charts a table allows, and their data. Pure functions: they know nothing of the page.
//
// A table: {columns: [{name, kind: "number" | "date" | "text", key: true where rows are grouped by it}], rows: [[cell, …], …]}
// Cells are text or numbers as JSON has them, null where there is none.

const MOST_BARS = 50;
const MOST_LINES = 8;
const FEWEST_FOR_HISTOGRAM = 10; // rows
const NONE = "–";

// Return {kinds, measures, axes}: kinds of chart, the best first; columns to measure; columns to measure against.
export function choicesOf(table) {
  const keys = keysOf(table);
  const measures = table.columns.filter((column) => column.kind === "number" && !keys.includes(column));
  const axes = [...keys.filter((key) => key.kind === "number"), ...measures].map((column) => column.name);
  const kinds = measures.length ? kindsFor(keys) : [];
  if (measures.length && axes.length > 1) kinds.push("scatter");
  if (measures.length && table.rows.length >= FEWEST_FOR_HISTOGRAM) kinds.push("histogram");
  return { kinds, measures: measures.map((column) => column.name), axes };
}

function kindsFor(keys) {
  if (!keys.length) return [];
  return keys.some((key) => key.kind !== "text") && keys.length <= 2 ? ["line", "bar"] : ["bar"];
}

// The columns that say what a row is about: those it was grouped by, or the first date, or the first text, of which each is there once.
function keysOf({ columns, rows }) {
  const keys = columns.filter((column) => column.key);
  if (keys.length) return keys;
  const tells = (kind) => columns.find((column, place) => column.kind === kind && new Set(rows.map((row) => row[place])).size === rows.length);
  const first = tells("date") ?? tells("text");
  return first ? [first] : [];
}

// Return what chart.js draws; {kind, y, x} name a kind, a measure, and for a scatter chart what it is measured against.
export function drawn(table, { kind, y, x }) {
  if (kind === "histogram") return histogram(table, y);
  if (kind === "scatter") return scatter(table, y, x);
  const keys = keysOf(table);
  const axis = keys.find((key) => key.kind !== "text");
  return axis && keys.length <= 2 ? overAxis(table, kind, y, axis, keys.find((key) => key !== axis)) : byName(table, y, keys);
}

function overAxis(table, kind, y, axis, split) {
  const byName = new Map();
  for (const row of table.rows) {
    const point = [valueOf(row, table, axis.name), valueOf(row, table, y)];
    if (point.includes(null)) continue;
    const name = split ? (row[placeOf(table, split.name)] ?? NONE) : y;
    if (!byName.has(name)) byName.set(name, []);
    byName.get(name).push(point);
  }
  const series = [...byName].map(([name, data]) => ({ name: String(name), data: data.sort(([one], [other]) => one - other) }));
  series.sort((one, other) => other.data.length - one.data.length);
  const type = axis.kind === "date" ? "time" : "number";
  const title = `${y} · ${[axis.name, split?.name].filter(Boolean).join(", ")}`;
  return { kind, title, x: { label: axis.name, type, zone: "UTC" }, y: { label: y }, series: series.slice(0, MOST_LINES), left: series.length - MOST_LINES };
}

function byName(table, y, keys) {
  const bars = [];
  for (const row of table.rows) {
    const value = valueOf(row, table, y);
    if (value !== null) bars.push([keys.map((key) => row[placeOf(table, key.name)] ?? NONE).join(" · "), value]);
  }
  const data = bars.slice(0, MOST_BARS).map(([, value], place) => [place, value]);
  const x = { label: keys.map((key) => key.name).join(", "), type: "category", categories: bars.slice(0, MOST_BARS).map(([name]) => name) };
  return { kind: "bar", title: `${y} · ${x.label}`, x, y: { label: y }, series: [{ name: y, data }], left: bars.length - MOST_BARS };
}

function scatter(table, y, x) {
  const data = table.rows.map((row) => [valueOf(row, table, x), valueOf(row, table, y)]).filter((point) => !point.includes(null));
  return { kind: "scatter", title: `${y} · ${x}`, x: { label: x, type: "number" }, y: { label: y }, series: [{ name: y, data }] };
}

// Parts of equal width, as many as the square root of the values; [from, to, count] each.
function histogram(table, y) {
  const values = table.rows.map((row) => valueOf(row, table, y)).filter((value) => value !== null);
  const least = values.reduce((one, other) => Math.min(one, other), Infinity);
  const greatest = values.reduce((one, other) => Math.max(one, other), -Infinity);
  const count = greatest > least ? Math.min(Math.ceil(Math.sqrt(values.length)), 40) : 1;
  const width = (greatest - least) / count || 1;
  const parts = Array.from({ length: count }, (_, place) => [least + place * width, least + (place + 1) * width, 0]);
  for (const value of values) parts[Math.min(Math.floor((value - least) / width), count - 1)][2] += 1;
  return { kind: "histogram", title: y, x: { label: y, type: "number" }, y: {}, parts };
}

const placeOf = (table, name) => table.columns.findIndex((column) => column.name === name);

function valueOf(row, table, name) {
  const place = placeOf(table, name);
  const cell = row[place];
  if (cell === null || cell === undefined || cell === "") return null;
  const value = table.columns[place].kind === "date" ? timeOf(String(cell)) : Number(cell);
  return Number.isFinite(value) ? value : null;
}

// Dates and times without a zone are shown as they are written, so they are read as UTC.
function timeOf(text) {
  const iso = text.trim().replace(" ", "T");
  return Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/.test(iso) || !iso.includes("T") ? iso : `${iso}Z`);
}
