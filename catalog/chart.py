"""Price chart as HTML: an SVG with a step line per series, and a legend. Pure functions.

The plot is stretched to whatever width there is, its texts are not. Colours are classes, for a page's style sheet, and
attributes for a page that has none; neither is an inline style.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import groupby, pairwise

from catalog.trend import Point, Series

WIDTH, HEIGHT = 1000, 300  # of the plot; across, these units are stretched
TOP, BELOW = 18, 28  # pixels around it
MOST_POINTS = 2000  # of a series, drawn as they are
COLOURS = ("#3d78b8", "#bf6516", "#4a9150", "#a868a3", "#94725f", "#3f8f8c", "#8a8f2a", "#c65b72")
BEST_COLOUR = "#c98a1b"
MOST_OFFERS = len(COLOURS)
PRICE_TICKS, TIME_TICKS = 5, 5
MINUTE, HOUR, DAY = 60, 3600, 86400
TIME_STEPS = [
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)), *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2, 7, 14, 30, 90, 180, 365)),
]  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    label: str
    series: Series
    is_best: bool = False


@dataclass(frozen=True)
class _Scale:
    """Convert times and prices to positions on the plot."""

    start: datetime
    end: datetime
    ticks: Sequence[int]  # the lowest and the highest are the plot's edges

    def x(self, moment: datetime) -> float:
        seconds = (self.end - self.start).total_seconds() or 1.0
        return round(WIDTH * (moment - self.start).total_seconds() / seconds, 1)

    def y(self, price: int) -> float:
        lowest, highest = self.ticks[0], self.ticks[-1]
        return round(HEIGHT * (1 - (price - lowest) / (highest - lowest)), 1)


def price_chart(lines: Sequence[Line], *, end: datetime) -> str:
    """Return the chart of the lines that have prices, from the first of them to `end`; "" when none has.

    Of more than MOST_OFFERS offers those that are cheapest at the end are drawn.
    """
    priced = [line for line in lines if line.series.prices]
    if not priced:
        return ""
    drawn = _chosen(priced)
    prices = [price for line in drawn for price in line.series.prices]
    start = min(line.series.priced[0].observed_at for line in drawn)
    scale = _Scale(start, end, _price_ticks(min(prices), max(prices)))
    colours = [
        ("best", BEST_COLOUR) if line.is_best else (f"offer-{place}", COLOURS[place])
        for place, line in enumerate(drawn, -sum(line.is_best for line in drawn))
    ]
    return "".join(
        [
            f'<figure class="prices"><svg class="plot" width="100%" height="{TOP + HEIGHT + BELOW}" role="img"',
            ' fill="currentColor" font-size="12" aria-labelledby="chart-title" aria-describedby="chart-text">',
            f'<title id="chart-title">Prices over time</title><desc id="chart-text">{_told(drawn, scale)}</desc>',
            *_grid(scale),
            f'<svg y="{TOP}" width="100%" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">',
            *(_path(line, *colour, scale) for line, colour in zip(drawn, colours, strict=True)),
            "</svg>",
            *_texts(scale),
            '</svg><ul class="legend">',
            *(_legend(line, *colour) for line, colour in zip(drawn, colours, strict=True)),
            f"<li>{len(priced) - len(drawn)} dearer offers are not drawn.</li>" if len(drawn) < len(priced) else "",
            "</ul></figure>",
        ]
    )


def _chosen(lines: Sequence[Line]) -> list[Line]:
    """The best line first, under the others, then the offers in the order in which they came."""
    offers = [line for line in lines if not line.is_best]
    cheapest = sorted(offers, key=lambda line: (line.series.points[-1].price is None, line.series.prices[-1]))[
        :MOST_OFFERS
    ]
    return [line for line in lines if line.is_best] + [line for line in offers if line in cheapest]


def _price_ticks(lowest: int, highest: int) -> list[int]:
    """Round prices, evenly spaced, around all there are."""
    if lowest == highest:
        lowest, highest = max(lowest - 1, 0), highest + 1
    rough = max((highest - lowest) / PRICE_TICKS, 1)
    power = 10 ** (len(str(int(rough))) - 1)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return list(range(lowest // step * step, -(-highest // step) * step + 1, step))


def _time_ticks(scale: _Scale) -> Iterator[tuple[datetime, str]]:
    """Yield round times within the plot, with what is written there."""
    span = (scale.end - scale.start).total_seconds()
    step = next((step for step in TIME_STEPS if span / step <= TIME_TICKS), TIME_STEPS[-1])
    moment = -(-scale.start.timestamp() // step) * step
    while moment <= scale.end.timestamp():
        at = datetime.fromtimestamp(moment, UTC)
        yield (
            at,
            f"{at:%H:%M}" if step < DAY and moment % DAY else f"{at.day} {at:%b}" if step < 365 * DAY else f"{at:%Y}",
        )
        moment += step


def _grid(scale: _Scale) -> list[str]:
    places = [TOP + scale.y(price) for price in scale.ticks]
    return [f'<line class="grid" x2="100%" y1="{y}" y2="{y}" stroke="#888" stroke-opacity="0.35"/>' for y in places]


def _texts(scale: _Scale) -> Iterator[str]:
    """What is written over the plot: prices at the left, times below."""
    for price in scale.ticks:
        yield f'<text class="tick" x="2" y="{TOP + scale.y(price) - 4}">{price:,}</text>'
    for moment, text in _time_ticks(scale):
        x = scale.x(moment) / WIDTH * 100
        anchor = "start" if x < 5 else "end" if x > 95 else "middle"
        y = TOP + HEIGHT + 19
        yield f'<text class="tick" x="{x:.2f}%" y="{y}" text-anchor="{anchor}">{text}</text>'


def _path(line: Line, name: str, colour: str, scale: _Scale) -> str:
    """Draw each price as long as it held, and nothing where there was none."""
    points = _thinned(line.series.points, scale)
    times = [point.observed_at for point in points] + [scale.end]
    steps, is_drawing = [], False
    for point, (since, until) in zip(points, pairwise(times), strict=True):
        if point.price is not None:
            command = "L" if is_drawing else "M"
            y = scale.y(point.price)
            steps.append(f"{command}{scale.x(since)},{y}L{scale.x(until)},{y}")
        is_drawing = point.price is not None
    width = 6 if line.is_best else 2
    return (
        f'<path class="line {name}" d="{"".join(steps)}" fill="none" stroke="{colour}" stroke-width="{width}"'
        ' vector-effect="non-scaling-stroke"/>'
    )


def _thinned(points: Sequence[Point], scale: _Scale) -> list[Point]:
    """Return what can be seen of many points: of each unit of width the first, the last, the lowest and the highest."""
    if len(points) <= MOST_POINTS:
        return list(points)
    kept: list[Point] = []
    for _, group in groupby(points, key=lambda point: int(scale.x(point.observed_at))):
        column = list(group)
        priced = [point for point in column if point.price is not None] or column
        seen = {column[0], column[-1], min(priced, key=_price), max(priced, key=_price)}
        kept += [point for point in column if point in seen]
    return kept


def _price(point: Point) -> int:
    return point.price or 0


def _legend(line: Line, name: str, colour: str) -> str:
    width = 6 if line.is_best else 3
    return (
        f'<li><svg width="24" height="10" aria-hidden="true"><line class="line {name}" x2="24" y1="5" y2="5" stroke="{colour}"'
        f' stroke-width="{width}"/></svg> {escape(_summary(line))}</li>'
    )


def _summary(line: Line) -> str:
    percent = line.series.change_percent
    change = "" if percent is None else f" ({percent:+.2f} %)"
    return f"{line.label}: {line.series.prices[-1]:,}{change}"


def _told(lines: Sequence[Line], scale: _Scale) -> str:
    """The chart in words."""
    period = f"From {scale.start:%Y-%m-%d %H:%M} to {scale.end:%Y-%m-%d %H:%M} UTC"
    return escape(f"{period}; last price and change of each line: {'; '.join(map(_summary, lines))}.")
