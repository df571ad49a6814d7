"""The chips of a question: each part in words, with the address without it. And what is added to a question by a form."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from compute.files.notation import PLAIN, Notation, number_of
from compute.operations.group_by import Aggregation
from compute.operations.where import EXACT_IN_DOUBLE, Comparison
from compute.pages.descriptions import FIGURES as FIGURE_WORDS
from compute.pages.descriptions import figure_words
from compute.pages.explorer.address import Address
from compute.pages.explorer.question import DESCRIBE
from compute.pages.read_form import TYPES
from compute.pages.tables import ColumnKind

NOT_NULL = "not_null"
COMPARISONS = {
    Comparison.EQUAL: "=",
    Comparison.NOT_EQUAL: "≠",
    Comparison.LESS: "<",
    Comparison.AT_MOST: "≤",
    Comparison.GREATER: ">",
    Comparison.AT_LEAST: "≥",
    Comparison.CONTAINS: gettext_lazy("contains"),
    Comparison.IN: gettext_lazy("is one of (comma-separated)"),
    Comparison.IS_NULL: gettext_lazy("is missing"),
    NOT_NULL: gettext_lazy("is not missing"),
}
FIGURES = {
    DESCRIBE: gettext_lazy("describe (count, mean, range …)"),
    **{each.value: FIGURE_WORDS.get(each, each.value) for each in Aggregation},
}


class NotAddableError(Exception):
    """What a form says cannot be added; the message says why."""


@dataclass(frozen=True)
class Chip:
    """A part of the question: its kind, its words, the link to the page without it, and why it cannot be."""

    kind: str
    text: str
    removed: str
    refusal: str = ""


def chips_of(address: Address) -> list[Chip]:
    """Return the parts of the question that an address asks, in the order in which they are applied."""
    words: dict[str, tuple[str, Callable[[str], str]]] = {
        "where": (_("Filter"), _condition_words),
        "by": (_("Group by"), str),
        "compute": (pgettext("question", "Compute"), _measure_words),
        "sort": (_("Sort"), _order_words),
        "order": (_("Sort rows"), _order_words),
        "limit": (_("Limit"), lambda text: _("%(number)s rows") % {"number": text}),
    }
    return [
        Chip(kind, in_words(value), address.removing(name, value).without("row").to("question"))
        for name, (kind, in_words) in words.items()
        for value in address.all(name)
    ]


def _condition_words(text: str) -> str:
    try:
        column, op, value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return text
    if op == Comparison.IS_NULL:
        return f"{column} {COMPARISONS[NOT_NULL if value is False else Comparison.IS_NULL]}"
    values = ", ".join(map(str, value)) if isinstance(value, list) else value
    sign = {Comparison.IN: _("is one of")}.get(op) or COMPARISONS.get(op, op)
    return f"{column} {sign} {values}"


def _measure_words(text: str) -> str:
    name, _colon, column = text.partition(":")
    return f"{_('describe') if name == DESCRIBE else figure_words(name)} · {column}"


def _order_words(text: str) -> str:
    direction, _colon, column = text.partition(":")
    return f"{column} {'↓' if direction == 'desc' else '↑'}"


def with_addition(
    address: Address, form: Mapping[str, str], kinds: Mapping[str, ColumnKind], notation: Notation = PLAIN
) -> Address:
    """Return the address with what a form adds; raise NotAddableError. `kinds` are the columns', as far as they are known."""
    add = form.get("add", "")
    if add == "limit":
        return address.setting("limit", _whole(form.get("value", "")))
    column = _column(form, {} if add == "sort" else kinds)  # an answer is sorted by its own columns
    direction = "desc" if form.get("direction") == "desc" else "asc"
    match add:
        case "type":
            return address.typing(column, _type(form))
        case "filter":
            return address.filtering(
                _condition(column, form, notation if kinds.get(column) == ColumnKind.NUMBER else None)
            )
        case "group":
            return address.adding("by", column)
        case "compute":
            return address.adding("compute", f"{_figure(form)}:{column}")
        case "sort" | "order":
            return address.setting(add, f"{direction}:{column}").without("row")
    raise NotAddableError(_("Choose what to add."))


def _column(form: Mapping[str, str], known: Collection[str]) -> str:
    column = form.get("column", "")
    if not column:
        raise NotAddableError(_("Choose a column."))
    if known and column not in known:
        raise NotAddableError(_("There is no column %(name)s.") % {"name": column})
    return column


def types_of(address: Address, known: Collection[str]) -> list[Chip]:
    """Return what an address says of the types of columns; `known` are the file's columns, none while they are not known."""
    return [
        Chip(
            column,
            str(TYPES.get(type_, type_)),
            address.typing(column, "").to("read"),
            _("There is no column %(name)s.") % {"name": column} if known and column not in known else "",
        )
        for column, type_ in address.types.items()
    ]


def _type(form: Mapping[str, str]) -> str:
    if form.get("type", "") not in ("", *TYPES):
        raise NotAddableError(_("Choose a type."))
    return form.get("type", "")


def _figure(form: Mapping[str, str]) -> str:
    if form.get("figure") not in FIGURES:
        raise NotAddableError(_("Choose what to compute."))
    return form["figure"]


def _condition(column: str, form: Mapping[str, str], notation: Notation | None) -> list[Any]:
    """A condition, with a number as value where this is one in the notation of the column, which texts have none."""
    op, value = form.get("op", ""), form.get("value", "")
    if op not in COMPARISONS:
        raise NotAddableError(_("Choose how to compare."))
    if op in (NOT_NULL, Comparison.IS_NULL):
        return [column, Comparison.IS_NULL, op == Comparison.IS_NULL]
    if value == "":
        raise NotAddableError(_("Give a value to compare with."))
    if op == Comparison.CONTAINS or notation is None:
        return [column, op, _parts(value) if op == Comparison.IN else value]
    if op == Comparison.IN:
        numbers = [_number(each, notation) for each in _parts(value)]
        return [column, op, _parts(value) if None in numbers else numbers]
    number = _number(value, notation)
    return [column, op, value if number is None else number]


def _parts(value: str) -> list[str]:
    """The values of a list with commas between them, or with semicolons, where numbers have decimal commas."""
    return [each.strip() for each in value.split(";" if ";" in value else ",") if each.strip()]


def _number(text: str, notation: Notation) -> float | int | None:
    """The number that a text is in a notation, or as programs write it; None where it is none."""
    found = [number for each in (notation, PLAIN) if (number := number_of(text, each)) is not None]
    if not found:
        return None
    return int(found[0]) if found[0].is_integer() and abs(found[0]) < EXACT_IN_DOUBLE else found[0]


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise NotAddableError(_("Give the number of rows as a whole number."))
    return int(text)
