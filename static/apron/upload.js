// Uploads by drag and drop and with a progress bar. Without this script the form sends the same, without them.
const form = document.querySelector("[data-upload]");
if (form) enhance(form);

function enhance(form) {
  const input = form.querySelector('input[type="file"]');
  const drop = form.querySelector(".drop");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, input.files[0]);
  });
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length !== 1) return say(form, gettext("Drop one file at a time."), true);
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
}

function send(form, file) {
  const mostBytes = Number(form.dataset.mostBytes);
  if (file.size > mostBytes) return say(form, interpolate(gettext("The file is larger than %(most)s."), { most: inMegabytes(mostBytes) }, true), true);
  const request = new XMLHttpRequest();
  const progress = form.querySelector("[data-progress]");
  const bar = progress.querySelector("progress");
  const button = form.querySelector('[type="submit"]');
  const abort = progress.querySelector("[data-abort]");
  const stop = () => request.abort();
  const done = (text) => {
    progress.hidden = true;
    button.disabled = false;
    abort.removeEventListener("click", stop);
    if (text) say(form, text, true);
  };
  abort.addEventListener("click", stop);
  request.upload.addEventListener("progress", (event) => {
    bar.value = event.loaded / event.total;
    const tenths = Math.floor(bar.value * 10); // not each step is worth being read out
    say(form, told(tenths * 10, file.name));
  });
  request.addEventListener("load", () => {
    const answer = parsed(request.responseText);
    if (request.status === 201) return location.assign(answer.location);
    done(answer.detail || interpolate(gettext("The server answered %(status)s."), { status: request.status }, true));
  });
  request.addEventListener("error", () => done(gettext("The connection broke off. Try again.")));
  request.addEventListener("abort", () => done(gettext("The upload was cancelled.")));
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.send(new FormData(form));
  button.disabled = true;
  bar.value = 0;
  progress.hidden = false;
}

function told(percent, file) {
  const text = percent < 100 ? gettext("%(percent)s%% of %(file)s uploaded.") : gettext("Saving %(file)s…");
  return interpolate(text, { percent, file }, true).replace("%%", "%");
}

function say(form, text, isError = false) {
  const said = form.querySelector("[data-said]");
  if (said.textContent !== text) said.textContent = text;
  said.classList.toggle("error-text", isError);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function inMegabytes(bytes) {
  return interpolate(gettext("%(number)s MB"), { number: Math.round(bytes / 1024 / 1024) }, true);
}
