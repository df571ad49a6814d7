"""Cells of admin lists and dashboards: badges, links, bounded counts."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.db import models
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

MOST_COUNTED = 10_000


def badge(field: str, tones: Mapping[str, str]) -> Callable[[Any, Any], SafeString]:
    """Return a column that shows a field's choice in its colour: success, warning, danger or info, by its value."""

    def column(_admin: Any, row: Any) -> SafeString:
        text = getattr(row, f"get_{field}_display")().partition(" (")[0].lower()
        return coloured(text, tones.get(getattr(row, field), ""))

    column.short_description = gettext_lazy(field.replace("_", " "))  # type: ignore[attr-defined]
    column.admin_order_field = field  # type: ignore[attr-defined]
    return column


def coloured(text: str, tone: str) -> SafeString:
    """Return a badge."""
    return format_html('<span class="apron-badge {}">{}</span>', tone, text)


def indented(field: str) -> Callable[[Any, Any], SafeString | str]:
    """Return a detail that shows a JSON field indented, and nothing where there is nothing in it."""

    def detail(_admin: Any, row: Any) -> SafeString | str:
        value = getattr(row, field)
        return pre(json.dumps(value, indent=2, ensure_ascii=False)) if value not in (None, "", {}, []) else ""

    detail.short_description = gettext_lazy(field.replace("_", " "))  # type: ignore[attr-defined]
    return detail


def listed(field: str) -> Callable[[Any, Any], SafeString]:
    """Return a detail that shows the members of a JSON object as a table, each with its value or, of a list, its values."""

    def detail(_admin: Any, row: Any) -> SafeString:
        members = (getattr(row, field) or {}).items()
        rows = [(name, format_html_join("", "<td>{}</td>", _cells(value))) for name, value in members]
        table = format_html_join("", '<tr><th scope="row">{}</th>{}</tr>', rows)
        return format_html('<table class="apron-table"><tbody>{}</tbody></table>', table) if rows else table

    detail.short_description = gettext_lazy(field.replace("_", " "))  # type: ignore[attr-defined]
    return detail


def _cells(value: Any) -> list[tuple[str]]:
    values = value if isinstance(value, list) else [value]
    return [(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False),) for each in values]


def pre(text: str) -> SafeString:
    """Return a text with its own line breaks."""
    return format_html("<pre>{}</pre>", text)


def list_address(model: type[models.Model], **lookups: Any) -> str:
    """Return the address of a model's list, filtered."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(lookups)}" if lookups else address


def link_to(model: type[models.Model], pk: Any, text: str = "") -> SafeString:
    """Return a link to a row's page, without asking the database for the row."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=(quote(pk),))
    return format_html('<a href="{}">{}</a>', address, text or pk)


def capped(rows: QuerySet[Any]) -> str:
    """Return how many rows there are, in words beyond MOST_COUNTED: nobody waits for a count of millions."""
    return counted(bounded_count(rows))


def bounded_count(rows: QuerySet[Any]) -> int:
    """Return how many rows there are, and MOST_COUNTED + 1 where there are more, so that nothing scans a table."""
    return rows.order_by()[: MOST_COUNTED + 1].count()


def counted(number: int) -> str:
    """Return a number that was counted up to MOST_COUNTED, and what is beyond in words."""
    if number <= MOST_COUNTED:
        return grouped(number)
    return gettext("more than %(number)s") % {"number": grouped(MOST_COUNTED)}


def grouped(number: int) -> str:
    """Return a number with its digits in groups, as the reader's language has them."""
    return number_format(number, use_l10n=True, force_grouping=True)


def named_numbers(counts: Mapping[str, int]) -> list[str]:
    """Return "name: number" of each number but 0, as the reader's language writes it."""
    return [
        gettext("%(what)s: %(number)s") % {"what": gettext(name.replace("_", " ")), "number": grouped(number)}
        for name, number in counts.items()
        if number
    ]


def price(amount: Decimal) -> str:
    """Return a price with its cents, and with more decimals only where it has them, as the reader's language writes it."""
    _sign, _digits, exponent = amount.normalize().as_tuple()
    return number_format(amount, max(2, -int(exponent)), use_l10n=True, force_grouping=True)


def shortened(text: str, length: int = 120) -> str:
    """Return the beginning of a text that would make a list unreadable."""
    return text if len(text) <= length else f"{text[:length]}…"
