"""Fields in lists and on rows' pages, as everywhere else: times by the reader's clock, the rest in the reader's language."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import unfold.fields
import unfold.templatetags.unfold_list
from django.db.models import Field

from config.core.admin_columns import price
from config.core.kept_texts import translated
from config.core.moments import moment

SENTENCES = {"error", "offers_error", "registration_error", "last_error", "title", "detail", "recovery", "refusal"}
Display = Callable[[Any, "Field[Any, Any]", str], str]


def show_moments() -> None:
    """Have unfold show models' fields as the reader's: it shows them at two places, and lets nobody say how."""
    for module in (unfold.fields, unfold.templatetags.unfold_list):
        module.display_for_field = _with_moments(module.display_for_field)


def _with_moments(display: Display) -> Display:
    def shown(value: Any, field: "Field[Any, Any]", empty: str) -> str:
        if isinstance(value, datetime):
            return moment(value, "seconds")
        if isinstance(value, Decimal):
            return price(value)
        return display(translated(value) if value and field.name in SENTENCES else value, field, empty)

    return shown
