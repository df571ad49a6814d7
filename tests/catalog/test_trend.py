"""Price series: what they say, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.trend import (
    Change,
    Interval,
    Point,
    Series,
    Unit,
    average,
    best_series,
    interval_starts,
    intervals,
    series_by_offer,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def series(*prices: int | None) -> Series:
    return Series([Point(at(hours), price, 1) for hours, price in enumerate(prices)])


@pytest.mark.parametrize(
    ("prices", "percent"),
    [
        ((100, 80, 125), 25.0),
        ((100, 75), -25.0),
        ((100,), 0.0),
        ((0, 100), None),
        ((0,), None),
        ((), None),
        ((3, 4), 33.33),
        ((3, 2), -33.33),
        ((100, None, 110), 10.0),
        ((None, 100, 110), 10.0),
        ((1, 10**18), 99999999999999999900.0),
    ],
)
def test_change_percent_compares_the_last_price_with_the_first(
    prices: tuple[int | None, ...], percent: float | None
) -> None:
    assert series(*prices).change_percent == percent


def test_lowest_and_highest_are_of_the_prices() -> None:
    moved = series(100, None, 80, 125)
    assert (moved.lowest, moved.highest) == (80, 125)


def test_without_prices_there_is_no_lowest_or_highest() -> None:
    assert (series(None).lowest, series().highest) == (None, None)


@pytest.mark.parametrize(
    ("prices", "hours"),
    [
        ((100, 80), 1),
        ((100, 80, 80), 1),
        ((100, 90, 80), 2),
        ((100, None, 80), 2),
        ((100, 80, 125), None),
        ((100, 100), None),
        ((100, 80, None), None),
        ((100,), None),
        ((), None),
    ],
)
def test_a_reduction_is_current_when_the_last_change_of_the_price_was_one(
    prices: tuple[int | None, ...], hours: int | None
) -> None:
    assert series(*prices).reduced_at == (None if hours is None else at(hours))


def test_changes_are_told_apart_by_offer() -> None:
    changes = [Change(1, at(0), 100, 5), Change(2, at(0), 70, 3), Change(1, at(1), 90, 5)]
    assert series_by_offer(changes)[1].prices == [100, 90]


def test_the_best_price_is_the_lowest_of_those_in_stock() -> None:
    changes = [
        Change(1, at(0), 100, 5),
        Change(2, at(0), 70, 0),
        Change(2, at(1), 70, 2),
        Change(2, at(2), None, None),
    ]
    assert best_series(changes).points == [Point(at(0), 100, 5), Point(at(1), 70, 2), Point(at(2), 100, 5)]


def test_the_best_price_counts_the_stock_of_all_offers_at_that_price() -> None:
    changes = [Change(1, at(0), 70, 5), Change(2, at(0), 70, 3)]
    assert best_series(changes).points == [Point(at(0), 70, 8)]


def test_a_change_that_leaves_the_best_price_alone_is_no_point() -> None:
    changes = [Change(1, at(0), 70, 5), Change(2, at(1), 90, 3)]
    assert best_series(changes).points == [Point(at(0), 70, 5)]


def test_with_nothing_in_stock_there_is_no_best_price() -> None:
    changes = [Change(1, at(0), 70, 5), Change(1, at(1), 70, 0)]
    assert best_series(changes).points == [Point(at(0), 70, 5), Point(at(1), None, None)]


@pytest.mark.parametrize(
    ("prices", "hours", "mean"),
    [
        ((100,), 5, 100.0),
        ((100, 200), 4, 175.0),  # an hour, then three
        ((100, None, 200), 3, 150.0),  # an hour without a price weighs nothing
        ((100, 200, None), 9, 150.0),
        ((None, 1, 1, 2), 4, 1.33),
        ((100, 200), 1, 100.0),
        ((7,), 0, 7.0),  # it came about at the end
        ((None,), 5, None),
        ((), 5, None),
    ],
)
def test_the_average_weighs_each_price_by_its_time(
    prices: tuple[int | None, ...], hours: int, mean: float | None
) -> None:
    assert average(series(*prices), at(hours)) == mean


@pytest.mark.parametrize(
    ("prices", "hours"), [((100, 80, 90, 80), 1), ((100,), 0), ((None, 5), 1), ((0, 5), 0), ((None,), None), ((), None)]
)
def test_the_low_has_the_time_it_first_came_about(prices: tuple[int | None, ...], hours: int | None) -> None:
    assert series(*prices).lowest_at == (None if hours is None else at(hours))


def test_an_interval_begins_with_what_was_in_force_and_ends_with_the_last_price() -> None:
    moved = series(100, 80, 125, 90)
    told = list(intervals(moved, [at(0), at(0) + timedelta(minutes=30), at(3), at(4)]))
    assert told == [
        Interval(at(0), 100, 100, 100, 100),
        Interval(at(0) + timedelta(minutes=30), 100, 125, 80, 125),
        Interval(at(3), 90, 90, 90, 90),
        Interval(at(4), 90, 90, 90, 90),
    ]


def test_an_interval_without_a_price_is_left_out() -> None:
    told = intervals(series(None, 80, None, None, 90), [at(0), at(1), at(2), at(3), at(4)])
    assert [(each.start, each.first) for each in told] == [(at(1), 80), (at(4), 90)]


def test_a_price_that_goes_in_an_interval_is_its_last_one() -> None:
    assert list(intervals(series(100, 80, None), [at(0)])) == [Interval(at(0), 100, 80, 80, 100)]


@pytest.mark.parametrize(
    ("unit", "starts"),
    [
        (Unit.HOUR, ["2026-02-26T22:30", "2026-02-26T23:00", "2026-02-27T00:00"]),
        (Unit.DAY, ["2026-02-26T22:30", "2026-02-27T00:00", "2026-02-28T00:00"]),
        (Unit.WEEK, ["2026-02-26T22:30", "2026-03-02T00:00", "2026-03-09T00:00"]),
        (Unit.MONTH, ["2026-02-26T22:30", "2026-03-01T00:00", "2026-04-01T00:00"]),
    ],
)
def test_intervals_are_those_of_the_calendar(unit: Unit, starts: list[str]) -> None:
    start = datetime(2026, 2, 26, 22, 30, tzinfo=UTC)
    found = list(interval_starts(start, start + timedelta(days=800), unit))
    assert [f"{each:%Y-%m-%dT%H:%M}" for each in found[:3]] == starts
    assert list(interval_starts(start, start, unit)) == []
