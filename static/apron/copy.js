// Copies the text that stands before a button.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const place = button.closest(".copied");
    const text = place.querySelector("pre");
    const said = place.querySelector("[data-said]");
    try {
      await navigator.clipboard.writeText(text.textContent);
      said.textContent = gettext("Copied.");
    } catch {
      getSelection().selectAllChildren(text); // no clipboard without HTTPS
      said.textContent = gettext("Selected; copy it with your keyboard.");
    }
  });
}
