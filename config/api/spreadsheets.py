"""Write rows as CSV (streamed) or XLSX (a temporary file), in bounded memory.

A cell reads as in the API's JSON: ISO 8601 with Z for UTC, `true` and `false`, decimals without needless zeros, lists and
objects as JSON text. None is an empty cell.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from config.api.problems import Problem
from config.core.json import dumps

if TYPE_CHECKING:
    from xlsxwriter import Workbook

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE = 65_536  # characters of a CSV file in memory
MOST_XLSX_ROWS = 1_048_575  # below the header: a worksheet has 2**20 rows
MOST_XLSX_TEXT = 32_767  # characters of a cell
MOST_XLSX_DIGITS = 15  # a cell's number is a double
WIDTH = 20  # of a column, in characters: a moment has 19
FIRST_XLSX_DAY = date(1900, 3, 1)  # before it, spreadsheets disagree about the days
STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class TooManyRows(Problem):
    """More rows than a worksheet can hold."""

    code = "too_many_rows"

    def __init__(self) -> None:
        super().__init__(f"An XLSX file has at most {MOST_XLSX_ROWS:,} rows. Narrow the filters, or take CSV.")


def escape_formula(cell: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would run it as a formula (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(STARTS_OF_FORMULAS) else cell


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
    return write(value) if write else escape_formula(_text(value))


def _text(value: Any) -> str:
    """Return a value as the text that JSON would have of it."""
    if isinstance(value, dict | list | tuple):
        return dumps(value).decode()
    return str(value)


def _plain(value: Decimal) -> str:
    """Return all digits of a decimal, without an exponent or needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


CSV_CELLS: dict[type, Callable[[Any], Any]] = {
    type(None): lambda _: "",
    str: escape_formula,
    int: int,
    float: repr,
    bool: lambda value: "true" if value else "false",
    Decimal: _plain,
    datetime: _moment,
    date: date.isoformat,
}


def xlsx_file(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """Return an XLSX file, at its start; it is gone once it is closed. Raise TooManyRows if the rows are more than fit.

    Moments are cells in UTC. A number that a cell would round is a text. A text of more than 32,767 characters is cut there
    and ends with an ellipsis.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - 50 ms of each start, for the few who ask

    with TemporaryDirectory() as parts, ExitStack() as on_failure:
        file = on_failure.enter_context(TemporaryFile())
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": parts}
        book = Workbook(file, options)
        on_failure.callback(_close_parts, book)
        _write_sheet(book, header, rows)
        book.close()
        on_failure.pop_all()
    file.seek(0)
    return file


def _close_parts(book: "Workbook") -> None:
    """Close what XlsxWriter would leave open: to close the book would write all of it."""
    for sheet in book.worksheets():
        sheet.row_data_fh.close()


def _write_sheet(book: "Workbook", header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet = book.add_worksheet()
    formats = {
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(header) - 1, 0), WIDTH)
    sheet.write_row(0, 0, header, book.add_format({"bold": True}))
    for number, row in enumerate(rows, start=1):
        if number > MOST_XLSX_ROWS:
            raise TooManyRows
        for column, value in enumerate(row):
            cell = _xlsx_cell(value)
            sheet.write(number, column, cell, formats.get(type(cell)))


def _xlsx_cell(value: Any) -> Any:
    """Return what XlsxWriter stores as it is: None, a bool, a number, a date, a naive datetime of UTC, or a text."""
    write = XLSX_CELLS.get(type(value))
    return write(value) if write else _cut(_text(value))


def _cut(text: str) -> str:
    if len(text) <= MOST_XLSX_TEXT // 2:
        return text
    units = text.encode("utf-16-le")  # of two bytes; spreadsheets count these
    return (
        text
        if len(units) <= 2 * MOST_XLSX_TEXT
        else f"{units[: 2 * MOST_XLSX_TEXT - 2].decode('utf-16-le', 'ignore')}…"
    )


def _number(value: int | Decimal) -> int | Decimal | str:
    """Return a number as it is where a double has all its digits, else as a text."""
    text = _plain(Decimal(value))
    return value if len(text.strip("-0.").replace(".", "")) <= MOST_XLSX_DIGITS and text[-1].isdigit() else text


def _xlsx_float(value: float) -> float | str:
    return value if abs(value) < float("inf") else repr(value)  # no cell has NaN or infinity


def _xlsx_moment(value: datetime) -> datetime | str:
    if value.date() < FIRST_XLSX_DAY:
        return _moment(value)
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


XLSX_CELLS: dict[type, Callable[[Any], Any]] = {
    type(None): lambda _: None,
    str: _cut,
    bool: bool,
    int: _number,
    Decimal: _number,
    float: _xlsx_float,
    datetime: _xlsx_moment,
    date: lambda value: value if value >= FIRST_XLSX_DAY else value.isoformat(),
}
