"""Cells of admin lists and dashboards: badges, links, bounded counts."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.db import models
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
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


def indented(field: str) -> Callable[[Any, Any], SafeString]:
    """Return a detail that shows a JSON field indented."""

    def detail(_admin: Any, row: Any) -> SafeString:
        return pre(json.dumps(getattr(row, field), indent=2, ensure_ascii=False))

    detail.short_description = gettext_lazy(field.replace("_", " "))  # type: ignore[attr-defined]
    return detail


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
    number = rows.order_by()[: MOST_COUNTED + 1].count()
    if number <= MOST_COUNTED:
        return grouped(number)
    return gettext("more than %(number)s") % {"number": grouped(MOST_COUNTED)}


def grouped(number: int) -> str:
    """Return a number with its digits in groups, as the reader's language has them."""
    return number_format(number, use_l10n=True, force_grouping=True)


def shortened(text: str, length: int = 120) -> str:
    """Return the beginning of a text that would make a list unreadable."""
    return text if len(text) <= length else f"{text[:length]}…"
