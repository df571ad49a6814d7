"""A language in which every translated text is ⟦marked⟧: what a page shows without marks is data, or escapes translation."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.apps import apps
from django.db.models import Field
from django.utils.text import capfirst
from django.utils.translation.trans_real import DjangoTranslation

MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
UNSEEN = {"script", "style", "code", "pre", "template"}
SHOWN_ATTRIBUTES = {"title", "placeholder", "aria-label", "alt", "data-label"}
BUTTONS = {"submit", "button", "reset"}
EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BREAK = "⸱"
SEPARATOR = re.compile(f"{BREAK}| · | \\+ |, | \\|")
ICON = "material-symbols-outlined"
NO_WORD = re.compile(r"[\d:/.]")  # in a value that is no word of a page, such as client-1
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {  # of things, which are the same in each language
    "Apron", "API", "CSV", "XLSX", "UTC", "JSON", "PNG", "SVG", "PATCH", "POST", "GET", "English", "Français", "en", "fr",
    "EN", "FR", "français", "host", "pid", "ms", "esc", "USD", "EUR", "arrow", "jsonl", "json", "csv", "parquet", "tsv",
    "xlsx", "xml", "min", "sku", "SKU", "KB", "MB", "GB",
}  # fmt: skip


def write_locale(folder: Path) -> None:
    """Write the catalogues of French with all their texts marked."""
    for domain in ("django", "djangojs"):
        catalogue: Any = getattr(DjangoTranslation("fr", domain=domain), "_catalog")  # noqa: B009 - not in the types
        marked = Catalog(locale="fr")
        plurals: dict[str, dict[int, str]] = {}
        for key, text in catalogue.items():
            if isinstance(key, tuple):
                plurals.setdefault(key[0], {})[key[1]] = text
            elif key:
                _add(marked, key, f"⟦{text}⟧".replace(" (", "⟧ (⟦"))  # badges show what is before it
        for key, forms in plurals.items():
            _add(marked, key, tuple(f"⟦{forms.get(form, forms[0])}⟧" for form in range(marked.num_plurals)))
        path = folder / "fr" / "LC_MESSAGES" / f"{domain}.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_mo(file, marked)


def _add(catalogue: Catalog, key: str, text: Any) -> None:
    context, _, msgid = key.rpartition("\x04")
    catalogue.add((msgid, msgid) if isinstance(text, tuple) else msgid, text, context=context or None)


class Page(HTMLParser):
    """The texts of a page that somebody sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []  # of attributes, and in the end the whole text, since a marked one may hold elements
        self._open: list[tuple[str, bool]] = []
        self._told: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag not in EMPTY:
            is_english = tag != "html" and found.get("lang") == "en"  # as the API docs are: docs/decisions/0093
            self._open.append((tag, tag in UNSEEN or ICON in found.get("class", "") or is_english))
        self.texts += [found[name] for name in SHOWN_ATTRIBUTES & found.keys()]
        if tag == "input" and found.get("type") in BUTTONS:
            self.texts.append(found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self._open) and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(is_unseen for _, is_unseen in self._open):
            self._told.append(" ".join(data.split()))

    def close(self) -> None:
        super().close()
        self.texts.append(BREAK.join(self._told))


def escaped(html: str, data: Iterable[str]) -> list[str]:
    """Return the pieces of texts that are neither marked nor data."""
    page = Page()
    page.feed(html)
    page.close()
    known = {*data}
    return sorted({piece for text in page.texts for piece in _pieces(text) if not _is_data(piece, known)})


def _pieces(text: str) -> Iterator[str]:
    """Yield what stands between and around the marked parts."""
    before = None
    while before != text:
        before, text = text, MARKED.sub(BREAK, text)
    for part in SEPARATOR.split(text):
        if piece := part.lstrip("0123456789 ").strip(" \u00a0.,:;()[]{}…·+-→/?!%“”«»'\"#&>="):
            yield piece


def _is_data(piece: str, known: set[str]) -> bool:
    words = [word for word in WORD.findall(piece) if word not in NAMES]
    if words and piece in _words() and piece not in known:
        return False  # a part of a text in the database, such as "refused" of an error, excuses no word of ours
    return not words or any(piece in value or (NO_WORD.search(value) and piece == capfirst(value)) for value in known)


@cache
def _words() -> frozenset[str]:
    """Return the English texts that are translated elsewhere."""
    catalogue: Any = getattr(DjangoTranslation("fr"), "_catalog")  # noqa: B009 - not in the types
    return frozenset(key.rpartition("\x04")[2] for key, _ in catalogue.items() if isinstance(key, str))


def data_of_rows() -> set[str]:
    """Return all texts that are in the database."""
    found: set[str] = set()
    for model in apps.get_models():
        fields: list[Field[Any, Any]] = [field for field in model._meta.concrete_fields if not field.is_relation]
        for row in model._default_manager.all():
            if model._meta.app_label == "django_q":  # whose names of rows nobody translates
                found.add(str(row))
            found.update(str(getattr(row, field.attname)) for field in fields if not field.choices)
    return found
