"""Price series, their change in percent and their lowest and highest price. Pure functions; imports no models.

A series is a step function: each point holds until the next. A point without a price says that there was none from then on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import NamedTuple


class Change(NamedTuple):
    """A change of one offer: what it costs and how many there are from then on; None and None from when it is gone."""

    offer: int
    observed_at: datetime
    price: int | None
    items_in_stock: int | None


class Point(NamedTuple):
    """A price with its stock, from `observed_at` on."""

    observed_at: datetime
    price: int | None
    items_in_stock: int | None


@dataclass(frozen=True)
class Series:
    """The points of a period by time, and what they say."""

    points: list[Point]

    @property
    def priced(self) -> list[Point]:
        """The points that have a price."""
        return [point for point in self.points if point.price is not None]

    @property
    def prices(self) -> list[int]:
        return [point.price for point in self.points if point.price is not None]

    @property
    def change_percent(self) -> float | None:
        """(last - first) / first x 100, two decimals; None without a price, or where the first is 0."""
        prices = self.prices
        return percent_between(prices[0], prices[-1]) if prices else None

    @property
    def lowest(self) -> int | None:
        return min(self.prices, default=None)

    @property
    def lowest_at(self) -> datetime | None:
        """When the lowest price came about, the first time."""
        lowest = self.lowest
        return next((point.observed_at for point in self.priced if point.price == lowest), None)

    @property
    def highest(self) -> int | None:
        return max(self.prices, default=None)

    @property
    def reduced_at(self) -> datetime | None:
        """When the price in force at the end came about, if that was by a reduction."""
        if not self.points or self.points[-1].price is None:
            return None
        priced = self.priced
        for before, after in zip(priced[-2::-1], priced[:0:-1], strict=True):
            if before.price != after.price:
                return after.observed_at if (before.price or 0) > (after.price or 0) else None
        return None


def average(series: Series, end: datetime) -> float | None:
    """Return the mean price up to `end`, weighted by how long each was in force, two decimals; None without a price."""
    ends = [*(point.observed_at for point in series.points[1:]), end]
    held = [
        (point.price, (until - point.observed_at).total_seconds())
        for point, until in zip(series.points, ends, strict=False)
        if point.price is not None
    ]
    seconds = sum(each for _, each in held)
    if seconds > 0:
        return round(sum(price * each for price, each in held) / seconds, 2)
    return float(held[-1][0]) if held else None  # it came about just now


class Interval(NamedTuple):
    """The prices of an interval of time, from `start` on; the first is what was in force then."""

    start: datetime
    first: int
    last: int
    lowest: int
    highest: int


def intervals(series: Series, starts: Sequence[datetime]) -> Iterator[Interval]:
    """Yield the intervals that begin at `starts` and have a price; each ends where the next begins, the last nowhere."""
    points, place = series.points, 0
    in_force: int | None = None
    for start, until in zip_longest(starts, starts[1:]):
        prices = [in_force]
        while place < len(points) and (until is None or points[place].observed_at < until):
            if points[place].observed_at <= start:
                prices.clear()  # what was in force before is over
            in_force = points[place].price
            prices.append(in_force)
            place += 1
        if priced := [price for price in prices if price is not None]:
            yield Interval(start, priced[0], priced[-1], min(priced), max(priced))


class Unit(StrEnum):
    """How long intervals are: those of the calendar, in UTC; weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def interval_starts(start: datetime, end: datetime, unit: Unit) -> Iterator[datetime]:
    """Yield when the intervals of a period begin: the first at its start, the others at full hours, at midnight, …"""
    following = start
    while following < end:
        yield following
        following = _next(following, unit)


def _next(moment: datetime, unit: Unit) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match unit:
        case Unit.HOUR:
            return hour + timedelta(hours=1)
        case Unit.DAY:
            return day + timedelta(days=1)
        case Unit.WEEK:
            return day + timedelta(days=7 - day.weekday())
        case Unit.MONTH:
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def percent_between(first: int, last: int) -> float | None:
    """(last - first) / first x 100, two decimals; None where the first is 0."""
    return round(100 * (last - first) / first, 2) if first else None


def series_by_offer(changes: Iterable[Change]) -> defaultdict[int, Series]:
    """Return the series of each offer, empty where there is no change of it; `changes` are by time."""
    series: defaultdict[int, Series] = defaultdict(lambda: Series([]))
    for change in changes:
        series[change.offer].points.append(Point(change.observed_at, change.price, change.items_in_stock))
    return series


def best_series(changes: Iterable[Change]) -> Series:
    """Return the lowest price among the offers in stock, with how many there are at that price, at each time it changed.

    `changes` are by time; those of one moment count together.
    """
    points: list[Point] = []
    in_stock: dict[int, tuple[int, int]] = {}
    for moment, together in groupby(changes, key=attrgetter("observed_at")):
        for change in together:
            if change.price is not None and change.items_in_stock:
                in_stock[change.offer] = (change.price, change.items_in_stock)
            else:
                in_stock.pop(change.offer, None)
        best = _best(in_stock.values())
        if not points or points[-1][1:] != best:
            points.append(Point(moment, *best))
    return Series(points)


def _best(offers: Iterable[tuple[int, int]]) -> tuple[int | None, int | None]:
    lowest = min((price for price, _ in offers), default=None)
    if lowest is None:
        return None, None
    return lowest, sum(stock for price, stock in offers if price == lowest)
