"""Rows for spreadsheets: CSV that streams, in which no text is taken for a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from config.common.json import dumps

PIECE = 64 * 1024  # characters of an answer at a time
FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
)  # with which a text begins that a spreadsheet would compute (OWASP, CSV injection)


class _Lines:
    """Where the csv module writes to; given away in pieces."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        self._texts.append(text)
        self._size += len(text)

    @property
    def is_full(self) -> bool:
        return self._size >= PIECE

    def taken(self) -> bytes:
        piece = "".join(self._texts).encode()
        self._texts, self._size = [], 0
        return piece


def csv_stream(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the header line at once, then the rows in pieces, as UTF-8 CSV (RFC 4180).

    A cell is a plain value: None is empty, what is neither a text nor a number is as in JSON.
    """
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(header)
    yield lines.taken()
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if lines.is_full:
            yield lines.taken()
    yield lines.taken()


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet computes it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if value is None or type(value) in (int, float):
        return value
    text = dumps(value).decode()
    return text[1:-1] if text.startswith('"') else text  # dates and UUIDs, of which nothing is escaped
