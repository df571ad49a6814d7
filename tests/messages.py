"""`make messages`: find the texts that people read, put those that are new into the .po files, and compile them.

By Babel, which `pip` brings along, so that nobody needs GNU gettext. The .mo files are committed: a clone runs without
compiling anything, and tests compare them with the .po files (docs/decisions/0093).
"""

import ast
import gettext
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.utils.translation import override
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
OURS = ("config", "inflight", "catalog", "metadata_registry", "ingest", "compute")
LANGUAGES = ("fr",)
COMMENT = "Translators:"
LAZY = {f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext", "npgettext")}
NAMING = {
    "record",
    "record_each",
    "recording",
    "record_reading",
    "health.register",
}  # their first argument is shown as a text
NAME = re.compile("[a-z][a-z_-]{2,}")
KEYWORDS = DEFAULT_KEYWORDS | LAZY | {"gettext_noop": None}
HEADER = "# Written by `make messages`, translated by hand: docs/glossary-fr.md has our words."
UNDATED = datetime(2026, 1, 1, tzinfo=UTC)  # the same texts are the same file
TEXT = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(?:[a-z]*gettext|_)\((?:{TEXT},?\s*)+[^)]*\)")
VENDORED = "vendor"  # scripts of others in static/apron
Message = tuple[Any, ...]  # as Babel has it, with the file in front


class Domain(NamedTuple):
    """A file of messages."""

    folder: str
    name: str

    def path(self, language: str, suffix: str) -> Path:
        return ROOT / self.folder / language / "LC_MESSAGES" / f"{self.name}.{suffix}"


PAGES, SCRIPTS = Domain("locale", "django"), Domain("locale", "djangojs")
PACKAGES = Domain("locale/packages", "django")  # texts of packages that have no French of their own
DOMAINS = (PAGES, SCRIPTS, PACKAGES)
WITHOUT_FRENCH = ("unfold", "auditlog")
PARTLY_FRENCH = ("django_q", "mfa", "socialaccount", "auth")  # apps whose models say more than their French
BETTER_FRENCH = {  # names of which theirs has mistakes, or means something else here
    "Queued task", "Queued tasks", "Schedule Type", "Scheduled task", "Scheduled tasks", "Failed task", "Failed tasks",
    "social account", "social accounts",
}  # fmt: skip


def found(domain: Domain) -> Catalog:
    """Return a catalogue of what the sources have."""
    catalogue = Catalog(domain=domain.name)
    messages = {PAGES: _in_pages, SCRIPTS: _in_scripts, PACKAGES: _in_packages}[domain]()
    for file, _, text, comments, context in messages:
        catalogue.add(text, locations=[(file, 0)], auto_comments=comments, context=context)
    return catalogue


def _in_pages() -> Iterator[Message]:
    for app in OURS:
        for file in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in file.parts:
                yield from _extracted(file, "python", _with_f_strings(file.read_text()))
                yield from _named(file)
    for file in sorted((ROOT / "templates").rglob("*.html")):
        yield from _extracted(file, "python", _as_python(file.read_text()))
    yield from _names_of_models()


def _in_packages() -> Iterator[Message]:
    known = _of_packages()
    for package in WITHOUT_FRENCH:
        folder = Path(import_module(package).__path__[0])
        for file in sorted([*folder.rglob("*.py"), *folder.rglob("*.html")]):
            source = file.read_text()
            source = _as_python(source) if file.suffix == ".html" else _with_f_strings(source)
            for name, *message in _extracted(file, "python", source, folder.parent):
                if known.gettext(str(message[1])) == message[1]:
                    yield name, *message
    for app in PARTLY_FRENCH:
        yield from (each for each in _names_of(app) if each[2] in BETTER_FRENCH or known.gettext(each[2]) == each[2])


def _of_packages() -> gettext.NullTranslations:
    """Return the French that packages bring along: Django's, and theirs behind it."""
    roots = [Path(import_module(name).__path__[0]) for name in ("django.contrib.auth", "django_q", "allauth")]
    first = gettext.translation("django", Path(django.__file__).parent / "contrib/admin/locale", ["fr"])
    for root in roots:
        first.add_fallback(gettext.translation("django", root / "locale", ["fr"]))
    return first


def _in_scripts() -> Iterator[Message]:
    for file in sorted((ROOT / "static" / "apron").rglob("*.js")):
        if VENDORED not in file.parts:
            yield from _extracted(file, "javascript", file.read_text())


def _extracted(file: Path, method: str, source: str, root: Path = ROOT) -> Iterator[Message]:
    name = str(file.relative_to(root))
    for line, text, comments, context in extract(
        method, BytesIO(source.encode()), KEYWORDS, [COMMENT], {"encoding": "utf-8"}
    ):
        yield name, line, text, comments, context


def _with_f_strings(source: str) -> str:
    """Return the source with the calls inside f-strings once more at its end: before Python 3.12 they are one token each."""
    strings = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr)]
    calls = [ast.unparse(part) for string in strings for part in ast.walk(string) if isinstance(part, ast.Call)]
    return "\n".join([source, *calls])


def _named(file: Path) -> Iterator[Message]:
    """Yield the names of acts and of parts of the system: `audit.record("pause_delivery", …)`."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and node.args and _name_of(node) & NAMING:
            for part in ast.walk(node.args[0]):
                if (
                    isinstance(part, ast.Constant)
                    and NAME.fullmatch(str(part.value))
                    and not str(part.value).endswith("_")
                ):
                    yield str(file.relative_to(ROOT)), node.lineno, str(part.value), [], None


def _name_of(call: ast.Call) -> set[str]:
    """Return what a call is known by: its whole name, and the last part of it."""
    name = ast.unparse(call.func)
    return {name, name.rpartition(".")[2]}


def _as_python(template: str) -> str:
    """Return the calls of gettext() that a template comes to; what Django leaves of the rest has no meaning in Python."""
    return "\n".join(CALL.findall(templatize(template)))


def _names_of_models() -> Iterator[Message]:
    """Yield what models and their fields are called: most of it is made from their names (config/core/model_names.py)."""
    for app in OURS:
        yield from _names_of(app)


def _names_of(app: str) -> Iterator[Message]:
    config = apps.get_app_config(app)
    with override(None):
        yield f"{app}/models", 0, str(config.verbose_name), [], None
        for model in config.get_models():
            options: Any = model._meta
            named = [options, *options.local_fields, *options.local_many_to_many]
            for text in (options.verbose_name_plural, *(each.verbose_name for each in named), *_told(options)):
                yield f"{app}/models", 0, str(text), [], None


def _told(options: Any) -> Iterator[str]:
    yield from (name for _, name in options.permissions)
    for field in options.local_fields:
        if field.help_text:
            yield field.help_text
        for value, label in field.choices or ():
            if label:
                yield str(label)
            if options.app_label in OURS and NAME.fullmatch(str(value)):
                yield str(value)


def updated(domain: Domain, language: str) -> Catalog:
    """Return the language's catalogue with what the sources have now: new texts are empty, those that are gone are, too."""
    path = domain.path(language, "po")
    template = found(domain)
    if not path.exists():
        known = Catalog(locale=language, domain=domain.name, header_comment=HEADER, fuzzy=False)
    else:
        with path.open("rb") as file:
            known = read_po(file, locale=language, domain=domain.name)
    known.update(template, no_fuzzy_matching=True)
    known.obsolete.clear()
    known.header_comment, known.fuzzy = HEADER, False
    known.revision_date = known.creation_date = UNDATED
    return known


def compiled(domain: Domain, language: str) -> bytes:
    """Return the .mo file of a .po file."""
    with domain.path(language, "po").open("rb") as file:
        catalogue = read_po(file, locale=language, domain=domain.name)
    target = BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def main() -> None:
    """Write the files anew, and say what is to be translated."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for domain in DOMAINS:
        for language in LANGUAGES:
            catalogue = updated(domain, language)
            path = domain.path(language, "po")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=120, sort_by_file=True, include_lineno=False)
            domain.path(language, "mo").write_bytes(compiled(domain, language))
            missing = [message.id for message in catalogue if message.id and not message.string]
            sys.stdout.write(f"{path.relative_to(ROOT)}: {len(catalogue)} texts, {len(missing)} to translate\n")


if __name__ == "__main__":
    main()
