"""The price chart's data, and the names of offers."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from catalog.charts import MOST_OFFERS, MOST_POINTS, Line, offer_names, price_chart
from catalog.trend import Point, Series

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_MS = 1_772_366_400_000
HOUR, HOUR_MS = timedelta(hours=1), 3_600_000


def line(*prices: int | None, label: str = "a", step: timedelta = HOUR, **said: Any) -> Line:
    points = [Point(NOON + n * step, price, None if price is None else n) for n, price in enumerate(prices)]
    return Line(label, Series(points), **said)


def draw(*lines: Line, hours: float = 4) -> dict[str, Any]:
    chart = price_chart(lines, end=NOON + hours * HOUR)
    assert chart is not None
    return chart


def test_a_point_is_a_time_a_price_and_a_stock() -> None:
    (series,) = draw(line(100, None, 200))["series"]
    assert series["data"] == [
        [NOON_MS, 100, 0], [NOON_MS + HOUR_MS, None, None], [NOON_MS + 2 * HOUR_MS, 200, 2],
    ]  # fmt: skip


def test_the_last_price_holds_until_the_end_of_the_period() -> None:
    assert draw(line(100), hours=3)["x"] == {"type": "time", "end": NOON_MS + 3 * HOUR_MS}


def test_the_best_price_comes_first_and_what_is_gone_last() -> None:
    lines = line(9, None, label="was", is_gone=True), line(8, label="is"), line(8, label="best", is_best=True)
    assert [(each["name"], each["role"]) for each in draw(*lines)["series"]] == [
        ("best", "best"), ("is", ""), ("was", "gone"),
    ]  # fmt: skip


def test_each_line_says_how_it_changed() -> None:
    assert [each["change"] for each in draw(line(100, 80), line(50))["series"]] == [-20.0, 0.0]


def test_of_many_offers_the_cheapest_are_drawn_and_the_others_counted() -> None:
    chart = draw(*(line(200 - n, label=f"offer {n}") for n in range(MOST_OFFERS + 3)))
    assert [each["name"] for each in chart["series"]] == [f"offer {n}" for n in range(3, MOST_OFFERS + 3)]
    assert chart["note"] == "3 more expensive offers are not shown."


def test_without_prices_there_is_no_chart() -> None:
    assert price_chart([line(None), line()], end=NOON) is None


def test_of_a_long_series_no_peak_is_lost_and_it_ends_right() -> None:
    prices = [100] * 50_000
    prices[20_001], prices[30_001], prices[-1] = 200, 0, 150
    (series,) = draw(line(*prices, step=HOUR / 1000), hours=50)["series"]
    drawn = [price for _, price, _ in series["data"]]
    assert len(drawn) <= MOST_POINTS
    assert {0, 200} <= set(drawn)
    assert drawn[-1] == 150


def test_many_long_series_share_the_points_of_a_chart() -> None:
    lines = [line(*range(2000), label=str(n), step=HOUR / 1000) for n in range(20)]
    assert sum(len(each["data"]) for each in draw(*lines, hours=2)["series"]) <= MOST_POINTS + 20


def test_an_offer_is_called_by_its_id_where_that_says_something_and_else_by_a_number() -> None:
    assert offer_names([str(uuid4()), "shop-at-the-gate", str(uuid4())]) == ["Offer 1", "shop-at-the-gate", "Offer 3"]
