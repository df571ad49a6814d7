// The texts of scripts, in the page's language: Django's JavaScriptCatalog where the page has loaded it, else as they are written.
export const gettext = (text) => window.gettext?.(text) ?? text;
export const ngettext = (one, many, count) => window.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
export const interpolate = (format, values) => format.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
