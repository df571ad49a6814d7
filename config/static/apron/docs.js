// Swagger UI has a dark dress, but does not look whether the reader's system asks for it.
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

// It puts a link inside of each operation's button, where assistive technology cannot tell which one is meant: the button is.
const unlink = () => document.querySelectorAll("button a[href]").forEach((link) => link.removeAttribute("href"));
new MutationObserver(unlink).observe(document.documentElement, { childList: true, subtree: true });
