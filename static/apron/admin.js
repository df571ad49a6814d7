// Makes django-unfold's pages work under a policy without 'unsafe-eval' and 'unsafe-inline', and by keyboard alone.
// Loaded on every admin page after htmx and before Alpine, whose CSP build stands in for unfold's (docs/decisions/0050).
"use strict";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false; // a <style> element

// One choice of light or dark with the pages outside the admin (theme.js).
const PERSISTED = "_x_adminTheme";
const chosen = localStorage.getItem("theme");
if (chosen) localStorage.setItem(PERSISTED, JSON.stringify(chosen));
addEventListener("pagehide", () => localStorage.setItem("theme", JSON.parse(localStorage.getItem(PERSISTED) ?? '"auto"')));

// unfold asks for the system's choice once only; setting its state twice makes it ask again.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  const state = Alpine.$data(document.documentElement);
  const theme = state.adminTheme;
  state.adminTheme = "";
  state.adminTheme = theme;
});

// What unfold says in whole JavaScript, in the expressions that the CSP build understands: no statements, no arrow functions,
// no globals. Null: not needed here.
const REWORDED = [
  ["body", "x-data", "page"],
  ["body", "x-init", null],
  ["form[x-bind\\:action]", "x-bind:action", null], // keeps a tab's #fragment
  ["a[x-on\\:click\\.prevent*='window.location']", "x-on:click.prevent", null], // the same
  ["#changelist-actions", "x-bind:style", "{ width: changeListWidth + 'px' }"],
  ["[x-on\\:click^='sidebarDesktopOpen']", "x-on:click", "sidebarDesktopOpen = !sidebarDesktopOpen"],
  ["#search-input-command", "x-on:keydown.enter.prevent", "selectItem(false, $event.metaKey || $event.ctrlKey)"],
];

function page() {
  return {
    activeTab: getCurrentTab() || "general",
    sidebarMobileOpen: false,
    sidebarDesktopOpen: Alpine.$persist(true).as("sidebarOpen"),
  };
}

document.addEventListener("alpine:init", () => {
  for (const component of [page, theme, searchForm, searchCommand]) {
    Alpine.data(component.name, component);
  }
  for (const [selector, attribute, expression] of REWORDED) {
    for (const element of document.querySelectorAll(selector)) {
      expression === null ? element.removeAttribute(attribute) : element.setAttribute(attribute, expression);
    }
  }
});

// What is pressed and says what it is only by an icon, which to a screen reader is a word like "dock_to_right".
const NAMES = [
  ["[x-on\\:click^='sidebar']", gettext("Menu")],
  ["[x-on\\:click^='openTheme']", gettext("Light or dark")],
  ["[x-on\\:click^='openModal']", gettext("Close")],
  ["[x-on\\:click^='showActions']", gettext("Actions")],
  ["#searchbar-submit", gettext("Search")],
  ["#nav-sidebar-inner a:has(> .material-symbols-outlined:only-child)", gettext("Dashboard")],
];

// What scrolls by itself is a landmark, of which simplebar says only "scrollable content".
const SCROLLED = [
  ["#nav-sidebar-apps", gettext("Menu")],
  ["[data-simplebar]:has(> table)", gettext("Rows")],
  ["[data-simplebar][data-simplebar-direction]", gettext("Filters")],
  ["[data-simplebar][x-on\\:htmx\\:after-swap]", gettext("Search")],
];

function makeUsableByKeyboard(element) {
  element.tabIndex = 0;
  element.role = "button";
  element.addEventListener("keydown", (event) => {
    if (event.target === element && ["Enter", " "].includes(event.key)) {
      event.preventDefault();
      element.click();
    }
  });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const element of document.querySelectorAll("[x-on\\:click], a:not([href])")) {
    if (!element.matches("button, a[href], input") && element.textContent.trim()) makeUsableByKeyboard(element);
  }
  for (const [selector, name] of NAMES) {
    for (const element of document.querySelectorAll(selector)) element.ariaLabel = name;
  }
  for (const [selector, name] of SCROLLED) {
    for (const element of document.querySelectorAll(selector)) element.dataset.simplebarAriaLabel = name;
  }
  for (const icon of document.querySelectorAll(".material-symbols-outlined:not([role])")) icon.ariaHidden = "true";
  for (const cell of document.querySelectorAll("td[data-label], th[data-label]")) {
    const label = cell.dataset.label;
    cell.dataset.label = label.charAt(0).toUpperCase() + label.slice(1);
  }
  // unfold would write a chosen file's name into a text field that only its own widget has.
  for (const input of document.querySelectorAll(".apron-file")) input.hasChangeListener = true;
  const main = document.getElementById("main") ?? document.getElementById("page");
  main.role = "main";
});
