// A file's page: what the reader chooses of the chart goes into the address, so that it is there after a reload and in a shared link;
// the focus is where the address leads; and Escape closes what adds to the question. Without this script the page has all else.

// Who goes by keyboard goes on where the address leads, also after a reload, which begins at the top of the page.
const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (place && !place.contains(document.activeElement)) {
  if (place.tabIndex < 0) place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

const CHOICES = ["kind", "y", "x"];

document.querySelector("figure.chart-figure")?.addEventListener("chartchange", ({ detail }) => {
  const address = new URL(location.href);
  for (const name of CHOICES) {
    if (detail[name] === undefined || detail[name] === null) address.searchParams.delete(name);
    else address.searchParams.set(name, detail[name]);
  }
  history.replaceState(null, "", address);
  for (const place of document.querySelectorAll("[data-address]")) place.textContent = address.href;
  for (const form of document.querySelectorAll("main form")) keepChoice(form, address);
  for (const link of document.querySelectorAll('main a[href^="?"]')) keepChoiceInLink(link, address);
});

function keepChoice(form, address) {
  if (form.method === "post") {
    if (form.getAttribute("action")?.startsWith("?")) form.action = address.search;
    return;
  }
  for (const name of CHOICES) {
    form.querySelector(`input[type="hidden"][name="${name}"]`)?.remove();
    if (!address.searchParams.has(name)) continue;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: address.searchParams.get(name) }));
  }
}

function keepChoiceInLink(link, address) {
  const target = new URL(link.href);
  for (const name of CHOICES) {
    if (address.searchParams.has(name)) target.searchParams.set(name, address.searchParams.get(name));
  }
  link.href = target;
}

document.addEventListener("keydown", (event) => {
  const adder = event.key === "Escape" && event.target.closest?.("details.adder[open]");
  if (!adder) return;
  adder.open = false;
  adder.querySelector("summary").focus();
});
