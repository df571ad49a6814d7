// Shows each <time data-moment> by the reader's clock and in the reader's form, with UTC in the tooltip; also those that come later.
"use strict";

(() => { // a script beside others, which have names of their own
  const PARTS = {
    minutes: { dateStyle: "medium", timeStyle: "short" },
    seconds: { dateStyle: "medium", timeStyle: "medium" },
    date: { dateStyle: "medium" },
    time: { timeStyle: "medium" },
  };
  // The page's language, as the reader's country writes it: en-GB rather than en, fr-CA rather than fr.
  const language = document.documentElement.lang;
  const locale = navigator.languages.find((wish) => wish.split("-")[0] === language) ?? language;
  const formats = Object.fromEntries(
    Object.entries(PARTS).map(([name, parts]) => [name, new Intl.DateTimeFormat(locale, parts)]),
  );

  function show(time) {
    const at = new Date(time.dateTime);
    if (time.title || Number.isNaN(at.getTime())) return;
    time.title = time.textContent;
    time.textContent = formats[time.dataset.moment].format(at);
  }

  function showAll(root) {
    for (const time of root.querySelectorAll("time[data-moment]")) show(time);
  }

  document.addEventListener("DOMContentLoaded", () => {
    showAll(document);
    new MutationObserver((changes) => {
      if (changes.some((change) => change.addedNodes.length)) showAll(document);
    }).observe(document.body, { childList: true, subtree: true });
  });
})();
