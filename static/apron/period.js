// Lets the reader choose a period by their own clock. Its address has UTC, as the form has without this script.
const MINUTE = 60_000; // milliseconds
const LENGTH = "2026-11-29T12:00".length;

for (const form of document.querySelectorAll("[data-period]")) {
  const inputs = form.querySelectorAll('[type="datetime-local"]');
  for (const input of inputs) {
    input.labels[0].textContent = input.dataset.local;
    if (input.value) input.valueAsNumber -= new Date(input.valueAsNumber).getTimezoneOffset() * MINUTE;
  }
  form.addEventListener("formdata", ({ formData }) => {
    for (const { name, value } of inputs) if (value) formData.set(name, new Date(value).toISOString().slice(0, LENGTH));
  });
}
