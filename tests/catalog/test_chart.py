"""The price chart."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from catalog.chart import MOST_OFFERS, Line, price_chart
from catalog.trend import Point, Series

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(*prices: int | None, label: str = "a", is_best: bool = False, step: timedelta = HOUR) -> Line:
    return Line(label, Series([Point(NOON + n * step, price, 1) for n, price in enumerate(prices)]), is_best)


def draw(*lines: Line, hours: float = 4) -> ElementTree.Element:
    return ElementTree.fromstring(price_chart(lines, end=NOON + hours * HOUR))


def paths(chart: ElementTree.Element) -> list[str]:
    return [path.attrib["d"] for path in chart.iter("path")]


def texts(chart: ElementTree.Element, tag: str) -> list[str]:
    return ["".join(element.itertext()).strip() for element in chart.iter(tag)]


def test_a_price_is_drawn_as_long_as_it_held() -> None:
    assert paths(draw(line(100, 200))) == ["M0.0,300.0L250.0,300.0L250.0,0.0L1000.0,0.0"]


def test_nothing_is_drawn_while_there_was_no_price() -> None:
    assert paths(draw(line(100, None, 200))) == ["M0.0,300.0L250.0,300.0M500.0,0.0L1000.0,0.0"]


def test_prices_and_times_can_be_read_off_round_marks() -> None:
    assert texts(draw(line(105, 195)), "text") == [
        "100", "120", "140", "160", "180", "200", "12:00", "13:00", "14:00", "15:00", "16:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "marks"),
    [
        (0.5, ["12:00", "12:10", "12:20", "12:30"]),
        (36, ["12:00", "2 Mar", "12:00", "3 Mar"]),
        (24 * 28, ["5 Mar", "12 Mar", "19 Mar", "26 Mar"]),
    ],
)
def test_the_marks_of_time_fit_the_period(hours: float, marks: list[str]) -> None:
    assert texts(draw(line(1), hours=hours), "text")[-len(marks) :] == marks


def test_each_line_has_its_own_colour_and_legend() -> None:
    chart = draw(line(100), line(200, label="b"), line(100, label="best", is_best=True))
    assert len({path.attrib["stroke"] for path in chart.iter("path")}) == 3
    assert texts(chart, "li") == ["best: 100 (+0.00 %)", "a: 100 (+0.00 %)", "b: 200 (+0.00 %)"]


def test_the_chart_says_in_words_what_it_shows() -> None:
    (said,) = texts(draw(line(100, 80)), "desc")
    assert said == (
        "From 2026-03-01 12:00 to 2026-03-01 16:00 UTC; last price and change of each line: a: 80 (-20.00 %)."
    )


def test_of_many_offers_the_cheapest_are_drawn_and_the_others_counted() -> None:
    chart = draw(*(line(200 - n, label=f"offer {n}") for n in range(MOST_OFFERS + 3)))
    assert len(paths(chart)) == MOST_OFFERS
    assert texts(chart, "li")[0] == "offer 3: 197 (+0.00 %)"
    assert texts(chart, "li")[-1] == "3 dearer offers are not drawn."


def test_names_from_outside_are_only_text() -> None:
    chart = draw(line(100, label="<script>alert(1)</script>"))
    assert list(chart.iter("script")) == []


def test_nothing_in_it_is_an_inline_style() -> None:
    assert not re.search(r"\sstyle=|<style", price_chart([line(1, 2)], end=NOON + HOUR))


def test_the_chart_begins_with_the_first_price() -> None:
    assert paths(draw(line(None, 100), hours=2)) == ["M0.0,150.0L1000.0,150.0"]


def test_without_prices_there_is_no_chart() -> None:
    assert price_chart([line(None), line()], end=NOON) == ""


def test_one_price_at_one_moment_can_be_drawn() -> None:
    assert len(paths(draw(line(0), hours=0))) == 1


def test_of_a_long_series_no_peak_is_lost_and_it_ends_right() -> None:
    prices = [100] * 50_000
    prices[20_001], prices[30_001], prices[-1] = 200, 0, 150
    (path,) = paths(draw(line(*prices, step=HOUR / 1000), hours=50))
    assert path.count("L") < 5000
    assert {",0.0L", ",300.0L"} <= set(re.findall(r",[\d.]+L", path))
    assert path.endswith(",75.0")
