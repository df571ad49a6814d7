"""The price chart."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from catalog.chart import Line, price_chart
from catalog.trend import Point, Series

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SVG = "{http://www.w3.org/2000/svg}"


def line(*prices: int | None, label: str = "a", is_best: bool = False) -> Line:
    return Line(label, Series([Point(NOON + hours * HOUR, price, 1) for hours, price in enumerate(prices)]), is_best)


def draw(*lines: Line, hours: int = 4) -> ElementTree.Element:
    return ElementTree.fromstring(price_chart(lines, end=NOON + hours * HOUR))


def paths(chart: ElementTree.Element) -> list[str]:
    return [path.attrib["d"] for path in chart.iter(f"{SVG}path")]


def test_a_price_is_drawn_as_long_as_it_held() -> None:
    assert paths(draw(line(100, 200))) == ["M80.0,315.0L285.0,315.0L285.0,15.0L900.0,15.0"]


def test_nothing_is_drawn_while_there_was_no_price() -> None:
    assert paths(draw(line(100, None, 200))) == ["M80.0,315.0L285.0,315.0M490.0,15.0L900.0,15.0"]


def test_each_line_has_its_own_colour_and_legend() -> None:
    chart = draw(line(100), line(200, label="b"), line(100, label="best", is_best=True))
    assert len({path.attrib["stroke"] for path in chart.iter(f"{SVG}path")}) == 3
    assert "b: 200 (+0.00 %)" in [text.text for text in chart.iter(f"{SVG}text")]


def test_names_from_outside_are_only_text() -> None:
    chart = draw(line(100, label="<script>alert(1)</script>"))
    assert list(chart.iter(f"{SVG}script")) == []


def test_the_chart_begins_with_the_first_price() -> None:
    assert paths(draw(line(None, 100), hours=2)) == ["M80.0,315.0L900.0,315.0"]


def test_without_prices_there_is_no_chart() -> None:
    assert price_chart([line(None), line()], end=NOON) == ""


def test_one_price_at_one_moment_can_be_drawn() -> None:
    assert len(paths(draw(line(0), hours=0))) == 1


def test_a_long_series_is_thinned_and_ends_right() -> None:
    (path,) = paths(draw(line(*range(5000), 0), hours=5001))
    assert path.count("L") < 5000
    assert path.endswith(",315.0")
