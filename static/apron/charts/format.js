// Numbers and times as the reader writes them: the page's language, in the reader's own form of it (en-GB, fr-CH).
const language = document.documentElement.lang || "en";
const locale = navigator.languages.find((each) => each === language || each.startsWith(`${language}-`)) ?? language;
const DAY = 86_400_000;

const plain = new Intl.NumberFormat(locale, { maximumSignificantDigits: 12 });
const short = new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 4 });

const change = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "always" });

export const percent = (value) => change.format(value / 100);
export const number = (value) => plain.format(value);
export const tick = (value) => (Math.abs(value) >= 100_000 ? short : plain).format(value);

// `zone` is "UTC" for times that are shown as they are written, undefined for the reader's own clock.
export function moment(time, zone) {
  const isDate = zone && time % DAY === 0;
  return show(time, zone, isDate ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" });
}

export function timeTick(time, zone, span) {
  if (span > 700 * DAY) return show(time, zone, { month: "short", year: "numeric" });
  if (span > 5 * DAY) return show(time, zone, { day: "numeric", month: "short" });
  const isMidnight = show(time, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) === "00:00";
  return show(time, zone, isMidnight ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" });
}

const kept = new Map();
function show(time, zone, form) {
  const key = JSON.stringify([zone, form]);
  if (!kept.has(key)) kept.set(key, new Intl.DateTimeFormat(locale, { timeZone: zone, ...form }));
  return kept.get(key).format(time);
}
