"""Price series, their change in percent and their lowest and highest price. Pure functions; imports no models.

A series is a step function: each point holds until the next. A point without a price says that there was none from then on.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
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
