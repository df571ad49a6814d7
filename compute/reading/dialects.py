"""Detect the dialect of delimited text from its first characters; what the request says goes first."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from compute.files.formats import DELIMITERS
from compute.reading.options import ReadOptions

SEP_LINE = re.compile(r'"?sep=(.)"?[ \t]*(\r\n|\r|\n)', re.IGNORECASE)  # by which Excel is told the delimiter
_ROWS = 50  # that tell the delimiter


@dataclass(frozen=True)
class Dialect:
    """How a delimited text is written. Blank: there is none. `skipped_lines` stand before the header."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    has_header: bool = True
    skipped_lines: int = 0

    @property
    def for_csv(self) -> dict[str, Any]:
        """Return the arguments of Python's csv.reader."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape or None,
            "strict": True,
        }

    @property
    def is_usual(self) -> bool:
        """Return whether cells are quoted as RFC 4180 has it, behind a header that is the first line."""
        return (self.quote, self.escape, self.comment, self.has_header, self.skipped_lines) == ('"', "", "", True, 0)


def detected(text: str, options: ReadOptions, *, tabs: bool) -> Dialect:
    """Return the dialect of a text that begins with `text`; with `tabs`, of a format whose delimiter is a tab."""
    rest = text
    for _ in range(options.skip_rows):
        rest = re.split(r"\r\n|\r|\n", rest, maxsplit=1)[-1]
    sep = SEP_LINE.match(rest)
    delimiter = options.delimiter or (sep and sep[1]) or ("\t" if tabs else _delimiter(rest, options))
    return Dialect(
        delimiter=delimiter,
        quote='"' if options.quote is None else options.quote,
        escape=options.escape or "",
        comment=options.comment,
        has_header=options.header,
        skipped_lines=options.skip_rows + bool(sep),
    )


def other_dialects(dialect: Dialect, options: ReadOptions) -> Iterator[Dialect]:
    """Yield what a text may be in that cannot be read in the detected dialect: quotes escaped with a backslash."""
    if options.escape is None and dialect.quote:
        yield Dialect(**{**vars(dialect), "escape": "\\"})


def _delimiter(text: str, options: ReadOptions) -> str:
    """Return the delimiter by which the most rows have as many cells as the first one, and that has the most cells."""
    lines = [
        line for line in islice(_lines(text), _ROWS) if not options.comment or not line.startswith(options.comment)
    ]
    return max(DELIMITERS, key=lambda delimiter: _fit(lines, delimiter, options))


def _fit(lines: list[str], delimiter: str, options: ReadOptions) -> tuple[float, int]:
    dialect = Dialect(delimiter, quote='"' if options.quote is None else options.quote, escape=options.escape or "")
    rows = csv.reader(lines, **{**dialect.for_csv, "strict": False})
    try:
        widths = [len(row) for row in rows if row]
    except csv.Error:  # a cell that is too long
        return (0.0, 0)
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])


def _lines(text: str) -> Iterator[str]:
    """Yield the whole lines of a text that may be cut off; the only one in any case."""
    found = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    yield from (line for line in (found[:-1] if len(found) > 1 else found) if line.strip())
