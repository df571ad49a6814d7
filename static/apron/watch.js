// Follows a job until it has ended, then shows the page anew, or only the part of it that waited: data-swap names its id.
// Without this script a link does that.
import { gettext, interpolate } from "./i18n.js";

const LONGEST_PAUSE = 3000; // milliseconds
watchIn(document);

export function watchIn(part) {
  for (const place of part.querySelectorAll("[data-watch]")) follow(place, 300);
}

function follow(place, pause) {
  setTimeout(async () => {
    if (!place.isConnected) return; // its part of the page was shown anew
    const job = await ask(place.dataset.watch);
    if (job?.is_settled) return showAnew(place);
    if (job) show(place, job);
    follow(place, Math.min(pause * 1.3, LONGEST_PAUSE));
  }, pause);
}

async function ask(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.redirected) location.reload(); // logged out meanwhile
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // the connection is away; it is tried again
  }
}

async function showAnew(place) {
  const { swap } = place.dataset;
  if (!swap) return location.reload();
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(swap);
  if (!answer.ok || !found) return location.reload();
  const part = document.getElementById(swap);
  const opened = [...part.querySelectorAll("details[open] > summary .name")].map((name) => name.textContent);
  const input = part.querySelector(":focus")?.name;
  const typed = input && part.querySelector(`[name="${input}"]:focus`).value;
  part.replaceWith(found);
  for (const name of found.querySelectorAll("summary .name")) name.closest("details").open = opened.includes(name.textContent);
  if (input) {
    const again = found.querySelector(`[name="${input}"]:not([type="hidden"])`);
    if (typed !== undefined && again) again.value = typed;
    again?.focus();
  }
  watchIn(found);
}

function show(place, job) {
  const said = place.querySelector("[data-said]");
  const bar = place.querySelector("progress");
  if (!bar) return;
  const tenths = Math.floor(job.progress * 10); // not each step is worth being read out
  const text = job.status === "queued" ? gettext("Queued.") : inWords(tenths * 10, job.seconds_left);
  if (said.textContent !== text) said.textContent = text;
  if (job.progress) bar.value = job.progress;
}

function inWords(percent, seconds) {
  if (!percent) return gettext("Running.");
  if (seconds === null) return interpolate(gettext("Running: %(percent)s% done."), { percent });
  const rounded = seconds < 10 ? seconds : Math.round(seconds / 5) * 5;
  return interpolate(gettext("Running: %(percent)s% done, about %(seconds)s s left."), { percent, seconds: rounded });
}
