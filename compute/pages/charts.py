"""Charts as HTML: bars with a row per group, and histograms, as SVG. Pure functions, free of Django."""

from collections.abc import Sequence
from html import escape

ROW, BAR_TOP, BAR = 38, 20, 10  # pixels
MOST_CHARACTERS = 48  # of a group's name
LONGEST_NUMBER = 12


def bar_chart(title: str, groups: Sequence[tuple[str, str]]) -> str:
    """Return the chart of groups: name, and number as text; bars begin at zero, to its left where numbers are negative."""
    numbers = [float(number) for _, number in groups]
    lowest, highest = min(0.0, *numbers), max(0.0, *numbers)
    span = (highest - lowest) or 1.0
    rows = [
        _row(place * ROW, name, _rounded(text), *_bar(number, lowest, span))
        for place, ((name, text), number) in enumerate(zip(groups, numbers, strict=True))
    ]
    said = escape("; ".join(f"{name}: {_rounded(text)}" for name, text in groups))
    return (
        f'<figure class="bars"><svg width="100%" height="{len(groups) * ROW}" role="img" fill="currentColor" font-size="14"'
        f' aria-labelledby="bars-title" aria-describedby="bars-text"><title id="bars-title">{escape(title)}</title>'
        f'<desc id="bars-text">{said}</desc>{"".join(rows)}</svg></figure>'
    )


def histogram(title: str, counts: Sequence[int]) -> str:
    """Return the bars of a histogram, side by side; `title` says what a reader of the page without pictures needs."""
    highest, width = max(*counts, 1), 100 / len(counts)
    bars = [
        f'<rect class="bar" x="{place * width:.2f}%" y="{100 - 100 * count / highest:.2f}%" width="{width * 0.92:.2f}%"'
        f' height="{100 * count / highest:.2f}%"/>'
        for place, count in enumerate(counts)
        if count
    ]
    return (
        f'<svg class="histogram" width="100%" height="64" role="img" fill="currentColor" aria-label="{escape(title)}">'
        f"{''.join(bars)}</svg>"
    )


def _bar(number: float, lowest: float, span: float) -> tuple[float, float]:
    """Where a bar begins and how long it is, in percent."""
    start, end = sorted((0.0, number))
    return round(100 * (start - lowest) / span, 2), round(100 * (end - start) / span, 2)


def _rounded(number: str) -> str:
    """A number as it is written, or, where it has more digits than anyone compares, six of them."""
    return number if len(number) <= LONGEST_NUMBER else f"{float(number):.6g}"


def _row(top: int, name: str, text: str, start: float, length: float) -> str:
    shown = name if len(name) <= MOST_CHARACTERS else name[:MOST_CHARACTERS] + "…"
    return (
        f'<text x="0" y="{top + 14}">{escape(shown)}</text>'
        f'<text class="value" x="100%" y="{top + 14}" text-anchor="end">{escape(text)}</text>'
        f'<rect class="track" y="{top + BAR_TOP}" width="100%" height="{BAR}" rx="3" fill="#888" fill-opacity="0.15"/>'
        f'<rect class="bar" x="{start}%" y="{top + BAR_TOP}" width="{length}%" height="{BAR}" rx="3"/>'
    )
