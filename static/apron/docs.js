// Swagger UI has a dark dress, but does not look whether the reader or the reader's system asks for it.
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function dress() {
  const theme = document.documentElement.dataset.theme;
  const isDark = theme === "dark" || (theme !== "light" && systemIsDark.matches);
  document.documentElement.classList.toggle("dark-mode", isDark);
}

systemIsDark.addEventListener("change", dress);
document.addEventListener("themechange", dress);
dress();

// It puts a link inside of each operation's button, where assistive technology cannot tell which one is meant: the button is.
// It gives the choice of servers no name, leaves its head outside of all landmarks, and goes from a first heading to third ones.
function mend() {
  document.querySelectorAll("button a[href]").forEach((link) => link.removeAttribute("href"));
  document.querySelector("select#servers:not([aria-label])")?.setAttribute("aria-label", gettext("Server"));
  nameRegion(".information-container", gettext("About this API"));
  nameRegion(".schemes-server-container", gettext("Server"));
  for (const heading of document.querySelectorAll("#swagger-ui :is(h3, h4, h5):not([aria-level])")) {
    heading.setAttribute("aria-level", heading.tagName[1] - 1);
  }
}

function nameRegion(selector, name) {
  const part = document.querySelector(`${selector}:not([role])`);
  if (!part) return;
  part.role = "region";
  part.ariaLabel = name;
}

new MutationObserver(mend).observe(document.documentElement, { childList: true, subtree: true });

// It is heavier than all other pages together: it comes in place of the list when an operation is chosen, or named by the address.
const shell = document.querySelector("[data-bundle]");
const { styles, bundle, script } = shell.dataset;
const loaded = (element, address) => new Promise((done, failed) => document.head.append(Object.assign(element, address, { onload: done, onerror: failed })));

async function showOperation() {
  if (!location.hash.startsWith("#/") || document.body.ariaBusy) return;
  const [, tag, operation] = location.hash.split("/");
  history.replaceState(null, "", location.pathname); // of a name with "_" in the address it complains in the console
  document.body.ariaBusy = "true";
  try {
    await Promise.all([
      loaded(document.createElement("link"), { rel: "stylesheet", href: styles }),
      loaded(document.createElement("script"), { src: bundle }),
    ]);
  } catch {
    return; // the list stays, and the next click tries again
  } finally {
    document.body.ariaBusy = null;
  }
  removeEventListener("hashchange", showOperation);
  document.getElementById("main").remove();
  Object.assign(shell, { id: "main", hidden: false, tabIndex: -1 });
  await loaded(document.createElement("script"), { src: script });
  const place = ["operations", tag, operation];
  ui.layoutActions.show(place, true);
  ui.layoutActions.scrollTo(place);
}

addEventListener("hashchange", showOperation);
showOperation();
