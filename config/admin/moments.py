"""Times in lists and on rows' pages, as everywhere else: by the reader's clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import unfold.fields
import unfold.templatetags.unfold_list
from django.db.models import Field

from config.core.moments import moment

Display = Callable[[Any, "Field[Any, Any]", str], str]


def show_moments() -> None:
    """Have unfold show the times of models' fields as `moment`s: it shows them at two places, and lets nobody say how."""
    for module in (unfold.fields, unfold.templatetags.unfold_list):
        module.display_for_field = _with_moments(module.display_for_field)


def _with_moments(display: Display) -> Display:
    def shown(value: Any, field: "Field[Any, Any]", empty: str) -> str:
        return moment(value, "seconds") if isinstance(value, datetime) else display(value, field, empty)

    return shown
