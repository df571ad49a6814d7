"""Price chart as data for static/apron/charts/chart.js, and names for offers. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, ngettext

from catalog.trend import Point, Series

MOST_POINTS = 8000  # of a chart; beyond it each line keeps what can be seen
MOST_OFFERS = 24
PALETTE = 8  # colours of chart.css
PER_SLOT = 4  # points kept of a slot of time: the first, the last, the lowest and the highest
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Line:
    """One line of a chart; `colour` is a place in the palette, from 1, for a line that would not have its role's."""

    label: str
    series: Series
    is_best: bool = False
    is_gone: bool = False
    colour: int | None = None


def offer_names(offer_ids: Iterable[str]) -> list[str]:
    """Return what to call a product's offers, in the order in which they came: by id, or by number where that is a UUID."""
    return [
        gettext("Offer %(number)s") % {"number": number} if _is_uuid(offer_id) else offer_id
        for number, offer_id in enumerate(offer_ids, 1)
    ]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def price_chart(lines: Sequence[Line], *, end: datetime) -> dict[str, Any] | None:
    """Return the chart of the lines that have prices, up to `end`; None when none has.

    Of more than MOST_OFFERS offers those that are cheapest at the end are drawn.
    """
    priced = [line for line in lines if line.series.prices]
    if not priced:
        return None
    drawn = _chosen(priced)
    start = min(line.series.priced[0].observed_at for line in drawn)
    left = len(priced) - len(drawn)
    return {
        "kind": "step",
        "title": gettext("Prices over time"),
        "x": {"type": "time", "end": _milliseconds(end)},
        "y": {"label": gettext("Price")},
        "more": gettext("in stock"),
        "ranges": [
            [gettext("Hour"), HOUR],
            [gettext("Day"), DAY],
            [gettext("Week"), 7 * DAY],
            [gettext("30 days"), 30 * DAY],
        ],
        "series": [_series(line, start, end, MOST_POINTS // len(drawn)) for line in drawn],
        "note": ngettext(
            "%(count)s more expensive offer is not shown.", "%(count)s more expensive offers are not shown.", left
        )
        % {"count": left}
        if left
        else "",
    }


def _chosen(lines: Sequence[Line]) -> list[Line]:
    """Return the best lines first, then the offers in the order in which they came, those that are gone last."""
    offers = [line for line in lines if not line.is_best]
    by_price = sorted(offers, key=lambda line: (line.series.points[-1].price is None, line.series.prices[-1]))
    kept = {id(line) for line in by_price[:MOST_OFFERS]}
    best = [line for line in lines if line.is_best]
    return best + sorted((line for line in offers if id(line) in kept), key=lambda line: line.is_gone)


def _series(line: Line, start: datetime, end: datetime, most: int) -> dict[str, Any]:
    points = _thinned(line.series.points, start, end, most)
    role = "best" if line.is_best else "gone" if line.is_gone else ""
    return {
        "name": line.label,
        "role": role,
        "colour": line.colour,
        "change": line.series.change_percent,
        "data": [[_milliseconds(point.observed_at), point.price, point.items_in_stock] for point in points],
    }


def _thinned(points: Sequence[Point], start: datetime, end: datetime, most: int) -> list[Point]:
    """Return what can be seen of many points: of each slot of time the first, the last, the lowest and the highest."""
    if len(points) <= most:
        return list(points)
    slot = (end - start) / max(most // PER_SLOT, 1)
    kept: list[Point] = []
    for _, group in groupby(points, key=lambda point: (point.observed_at - start) // slot):
        column = list(group)
        priced = [point for point in column if point.price is not None] or column
        seen = {column[0], column[-1], min(priced, key=_price), max(priced, key=_price)}
        kept += [point for point in column if point in seen]
    return kept


def _price(point: Point) -> int:
    return point.price or 0


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
