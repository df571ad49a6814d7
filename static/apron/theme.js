// Light or dark: the system's choice until the reader makes another one. Loaded before the page is drawn, so that it never flashes.
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;

function chosenTheme() {
  const kept = localStorage.getItem("theme");
  return THEMES.includes(kept) ? kept : "auto";
}

function show(theme) {
  const names = { auto: gettext("Colours: as the system"), light: gettext("Colours: light"), dark: gettext("Colours: dark") };
  root.dataset.theme = theme;
  document.dispatchEvent(new Event("themechange"));
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
    button.setAttribute("aria-label", names[theme]);
    button.title = names[theme];
  }
}

show(chosenTheme());
document.addEventListener("DOMContentLoaded", () => {
  show(chosenTheme());
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.addEventListener("click", () => {
      const next = THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length];
      localStorage.setItem("theme", next);
      show(next);
    });
  }
});
