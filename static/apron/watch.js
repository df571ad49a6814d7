// Follows a job until it has ended, then shows the page anew. Without this script a link does that.
const LONGEST_PAUSE = 3000; // milliseconds
for (const place of document.querySelectorAll("[data-watch]")) follow(place, 300);

function follow(place, pause) {
  setTimeout(async () => {
    const job = await ask(place.dataset.watch);
    if (job?.is_settled) return location.reload();
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

function show(place, job) {
  const said = place.querySelector("[data-said]");
  const tenths = Math.floor(job.progress * 10);
  const text = job.status === "queued" ? "Waiting for its turn." : `Running${tenths ? `: ${tenths * 10} % done` : ""}.`;
  if (said.textContent !== text) said.textContent = text;
  if (job.progress) place.querySelector("progress").value = job.progress;
}
