"""Hourly chart of the last 24 hours: counted in the database, with links to the rows and a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, Model, QuerySet
from django.db.models.functions import TruncHour
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import slugify

from config.core.admin_columns import list_address

HOURS = 24
MOST_ROWS = 10_000  # of a table, the newest, that one plot reads
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Series:
    """A number for each hour, the oldest first, with the address of its rows. `tone` is a colour of chart.css."""

    label: str
    tone: str
    numbers: list[int]
    links: list[str]


def among_newest(rows: QuerySet[Any], number: int = MOST_ROWS) -> QuerySet[Any]:
    """Return those whose ids are among the last so many given: however large the table is, no more are read."""
    newest = rows.model._default_manager.order_by("-pk").values_list("pk", flat=True).first()  # noqa: SLF001
    return rows.filter(pk__gt=(newest or 0) - number)


def hours() -> list[datetime]:
    """Return when each of the last 24 hours began, this one included."""
    this = timezone.now().replace(minute=0, second=0, microsecond=0)
    return [this - back * HOUR for back in reversed(range(HOURS))]


def per_hour(rows: QuerySet[Any], moment: str, number: Aggregate | None = None) -> list[int]:
    """Count the newest rows, or sum something of them, by the hour of the field `moment`."""
    begins = hours()
    recent = among_newest(rows).filter(**{f"{moment}__gte": begins[0]}).order_by()
    found = recent.annotate(hour=TruncHour(moment)).values_list("hour").annotate(number=number or Count("pk"))
    by_hour = dict(found.values_list("hour", "number"))
    return [by_hour.get(begin) or 0 for begin in begins]


def hour_links(model: type[Model], moment: str, **lookups: Any) -> list[str]:
    """Return, for each hour, the address of the admin's list of the rows that `per_hour` counted."""
    return [
        list_address(
            model, **lookups, **{f"{moment}__gte": begin.isoformat(), f"{moment}__lt": (begin + HOUR).isoformat()}
        )
        for begin in hours()
    ]


def hourly_chart(title: str, series: Sequence[Series]) -> SafeString | str:
    """Return stacked bars, one an hour, that lead to their rows, with a table of the same; "" where nothing happened."""
    totals = [sum(numbers) for numbers in zip(*(each.numbers for each in series), strict=True)]
    if not any(totals):
        return ""
    begins = hours()
    context = {
        "id": slugify(title),
        "title": title,
        "chart": _data(title, series, begins),
        "series": series,
        "table": [
            (begin, [(each.numbers[place], each.links[place]) for each in series])
            for place, begin in enumerate(begins)
            if totals[place]
        ],
    }
    return render_to_string("admin/hourly_chart.html", context)


def _data(title: str, series: Sequence[Series], begins: Sequence[datetime]) -> dict[str, Any]:
    """Return the chart as static/apron/charts/chart.js takes it."""
    times = [int(begin.timestamp() * 1000) for begin in begins]
    return {
        "kind": "stacked",
        "size": "medium",
        "title": title,
        "x": {"type": "time"},
        "y": {},
        "series": [
            {
                "name": each.label,
                "role": each.tone,
                "data": list(zip(times, each.numbers, strict=True)),
                "links": each.links,
            }
            for each in series
        ],
    }
