"""Hourly chart of the last 24 hours: counted in the database, drawn as an SVG with a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, QuerySet
from django.db.models.functions import TruncHour
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

HOURS = 24
MOST_ROWS = 10_000  # of a table, the newest, that one plot reads
WIDTH, HEIGHT = 480, 100  # of the plot, in user units
STEP = WIDTH / HOURS
GAP = 3


@dataclass(frozen=True)
class Series:
    """A number for each hour, the oldest first. `tone` is a class of admin.css that has its colour."""

    label: str
    tone: str
    numbers: list[int]


def among_newest(rows: QuerySet[Any], number: int = MOST_ROWS) -> QuerySet[Any]:
    """Return those whose ids are among the last so many given: however large the table is, no more are read."""
    newest = rows.model._default_manager.order_by("-pk").values_list("pk", flat=True).first()  # noqa: SLF001
    return rows.filter(pk__gt=(newest or 0) - number)


def hours() -> list[datetime]:
    """Return when each of the last 24 hours began, this one included."""
    this = timezone.now().replace(minute=0, second=0, microsecond=0)
    return [this - timedelta(hours=back) for back in reversed(range(HOURS))]


def per_hour(rows: QuerySet[Any], moment: str, number: Aggregate | None = None) -> list[int]:
    """Count the newest rows, or sum something of them, by the hour of the field `moment`."""
    begins = hours()
    recent = among_newest(rows).filter(**{f"{moment}__gte": begins[0]}).order_by()
    found = recent.annotate(hour=TruncHour(moment)).values_list("hour").annotate(number=number or Count("pk"))
    by_hour = dict(found.values_list("hour", "number"))
    return [by_hour.get(begin) or 0 for begin in begins]


def hourly_chart(title: str, series: Sequence[Series]) -> SafeString | str:
    """Return stacked bars, one an hour, with a table of the same; "" where nothing happened."""
    totals = [sum(numbers) for numbers in zip(*(each.numbers for each in series), strict=True)]
    if not any(totals):
        return ""
    begins = hours()
    context = {
        "title": title,
        "series": [(each, sum(each.numbers)) for each in series],
        "bars": _bars(series, max(totals)),
        "table": [
            (begin, [each.numbers[place] for each in series]) for place, begin in enumerate(begins) if totals[place]
        ],
        "highest": max(totals),
        "start": begins[0],
        "width": WIDTH,
        "height": HEIGHT,
    }
    return render_to_string("admin/hourly_chart.html", context)


def _bars(series: Sequence[Series], highest: int) -> list[dict[str, Any]]:
    """Return the rectangles, each series on top of the one before."""
    bars, reached = [], [0] * HOURS
    for each in series:
        for place, number in enumerate(each.numbers):
            if number:
                reached[place] += number
                y = HEIGHT * (1 - reached[place] / highest)
                height = max(HEIGHT * number / highest, 1.0)
                x = round(place * STEP + GAP / 2, 1)
                bars.append(
                    {"x": x, "y": round(y, 1), "height": round(height, 1), "width": STEP - GAP, "tone": each.tone}
                )
    return bars
