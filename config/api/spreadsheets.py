"""Write rows as CSV, streamed, in bounded memory; as XLSX: config.core.worksheets.

A cell reads as in the API's JSON: ISO 8601 with Z for UTC, `true` and `false`, decimals without needless zeros, lists and
objects as JSON text. None is an empty cell.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

from config.core.worksheets import plain_decimal, text_of, text_of_moment

CSV_TYPE = "text/csv; charset=utf-8"
PIECE = 65_536  # characters of a CSV file in memory
STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(cell: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would run it as a formula (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(STARTS_OF_FORMULAS) else cell


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(STARTS_OF_FORMULAS) else cell


def csv_stream(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield a CSV file (RFC 4180, UTF-8): the header at once, then pieces of about 64 KiB."""
    piece = StringIO(newline="")
    writer = csv.writer(piece)
    writer.writerow([escape_formula(name) for name in header])
    yield _taken(piece)
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])
        if piece.tell() >= PIECE:
            yield _taken(piece)
    if piece.tell():
        yield _taken(piece)


def _taken(piece: StringIO) -> bytes:
    text = piece.getvalue()
    piece.seek(0)
    piece.truncate()
    return text.encode()


def _csv_cell(value: Any) -> Any:
    write = CSV_CELLS.get(type(value))
    return write(value) if write else escape_formula(text_of(value))


CSV_CELLS: dict[type, Callable[[Any], Any]] = {
    type(None): lambda _: "",
    str: escape_formula,
    int: int,
    float: repr,
    bool: lambda value: "true" if value else "false",
    Decimal: plain_decimal,
    datetime: text_of_moment,
    date: date.isoformat,
}
