"""A price chart as an SVG text: a step line per series. Pure; nothing is fetched to show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import pairwise

from catalog.trend import Point, Series

WIDTH, HEIGHT = 820, 300  # of the plot, in user units
LEFT, TOP, BELOW, LEGEND_ROW = 80, 15, 40, 20
MOST_POINTS = 2000  # drawn of a series; more would not be seen
STYLE = 'role="img" width="860" font-family="sans-serif" font-size="12" fill="currentColor"'
COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#9c755f", "#76b7b2", "#edc948", "#ff9da7")


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    label: str
    series: Series
    is_best: bool = False


@dataclass(frozen=True)
class _Scale:
    """Where a time and a price are on the plot."""

    start: datetime
    end: datetime
    lowest: int
    highest: int

    def x(self, moment: datetime) -> float:
        seconds = (self.end - self.start).total_seconds() or 1.0
        return round(LEFT + WIDTH * (moment - self.start).total_seconds() / seconds, 1)

    def y(self, price: int) -> float:
        return round(TOP + HEIGHT * (1 - (price - self.lowest) / ((self.highest - self.lowest) or 1)), 1)


def price_chart(lines: Sequence[Line], *, end: datetime) -> str:
    """Return the chart of the lines that have prices, from the first of them to `end`; "" when none has."""
    drawn = [line for line in lines if line.series.prices]
    if not drawn:
        return ""
    prices = [price for line in drawn for price in line.series.prices]
    start = min(line.series.priced[0].observed_at for line in drawn)
    scale = _Scale(start, end, min(prices), max(prices))
    colours = ["#c00" if line.is_best else COLOURS[place % len(COLOURS)] for place, line in enumerate(drawn)]
    height = TOP + HEIGHT + BELOW + LEGEND_ROW * len(drawn)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" {STYLE}>',
        "<title>Prices over time</title>",
        *_axes(scale),
    ]
    for row, (line, colour) in enumerate(zip(drawn, colours, strict=True)):
        parts += [_path(line, colour, scale), _legend(line, colour, TOP + HEIGHT + BELOW + LEGEND_ROW * row)]
    return "".join([*parts, "</svg>"])


def _axes(scale: _Scale) -> list[str]:
    middle = (scale.lowest + scale.highest) // 2
    parts = []
    for price in sorted({scale.lowest, middle, scale.highest}):
        y = scale.y(price)
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="#888" stroke-opacity="0.3"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{price}</text>')
    for moment, anchor in ((scale.start, "start"), (scale.end, "end")):
        text = f"{moment:%Y-%m-%d %H:%M}"
        parts.append(f'<text x="{scale.x(moment)}" y="{TOP + HEIGHT + 20}" text-anchor="{anchor}">{text}</text>')
    return parts


def _path(line: Line, colour: str, scale: _Scale) -> str:
    """Draw each price as long as it held, and nothing where there was none."""
    points = _thinned(line.series.points)
    times = [point.observed_at for point in points] + [scale.end]
    steps, is_drawing = [], False
    for point, (since, until) in zip(points, pairwise(times), strict=True):
        if point.price is not None:
            command = "L" if is_drawing else "M"
            y = scale.y(point.price)
            steps.append(f"{command}{scale.x(since)},{y}L{scale.x(until)},{y}")
        is_drawing = point.price is not None
    width = 3 if line.is_best else 1.5
    return f'<path d="{"".join(steps)}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _thinned(points: list[Point]) -> list[Point]:
    """Return no more points than can be seen, the last among them."""
    step = len(points) // MOST_POINTS + 1
    return points if step == 1 else [*points[:-1:step], points[-1]]


def _legend(line: Line, colour: str, y: int) -> str:
    last = line.series.prices[-1]
    percent = line.series.change_percent
    change = "" if percent is None else f" ({percent:+.2f} %)"
    return (
        f'<rect x="{LEFT}" y="{y - 8}" width="20" height="4" fill="{colour}"/>'
        f'<text x="{LEFT + 28}" y="{y}">{escape(line.label)}: {last}{change}</text>'
    )
