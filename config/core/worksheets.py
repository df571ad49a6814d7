"""Write rows as a worksheet of an XLSX file, in bounded memory. Free of Django."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from config.core.json import dumps

if TYPE_CHECKING:
    from xlsxwriter import Workbook

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_XLSX_ROWS = 1_048_575  # below the header: a worksheet has 2**20 rows
MOST_XLSX_COLUMNS = 16_384
MOST_XLSX_TEXT = 32_767  # characters of a cell
MOST_XLSX_DIGITS = 15  # a cell's number is a double
WIDTH = 20  # of a column, in characters: a moment has 19
FIRST_XLSX_DAY = date(1900, 3, 1)  # before it, spreadsheets disagree about the days


class TooLargeError(ValueError):
    """More rows or columns than a worksheet can hold."""


class TextTooLongError(ValueError):
    """A text of more characters than a cell can hold; its argument is the column."""


def text_of(value: Any) -> str:
    """Return a value as the text that JSON would have of it."""
    if isinstance(value, dict | list | tuple):
        return dumps(value).decode()
    return str(value)


def plain_decimal(value: Decimal) -> str:
    """Return all digits of a decimal, without an exponent or needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def text_of_moment(value: datetime) -> str:
    """Return a moment in ISO 8601, with Z for UTC."""
    return value.isoformat().replace("+00:00", "Z")


def write_xlsx(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]], *, cuts: bool) -> None:
    """Write an XLSX file. Raise TooLargeError if the rows or columns are more than fit.

    Moments are cells in UTC. A number that a cell would round is a text. A text of more than 32,767 characters is cut there
    and ends with an ellipsis; unless it `cuts`, that raises TextTooLongError.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - 50 ms of each start, for the few who ask

    with TemporaryDirectory() as parts, ExitStack() as on_failure:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": parts}
        book = Workbook(file, options)
        on_failure.callback(_close_parts, book)
        _write_sheet(book, header, rows, cuts=cuts)
        book.close()
        on_failure.pop_all()


def _close_parts(book: "Workbook") -> None:
    """Close what XlsxWriter would leave open: to close the book would write all of it."""
    for sheet in book.worksheets():
        sheet.row_data_fh.close()


def _write_sheet(book: "Workbook", header: Sequence[str], rows: Iterable[Sequence[Any]], *, cuts: bool) -> None:
    if len(header) > MOST_XLSX_COLUMNS:
        raise TooLargeError
    sheet = book.add_worksheet()
    formats = {
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(header) - 1, 0), WIDTH)
    names = [_fitting(name, name, cuts=cuts) for name in header]
    sheet.write_row(0, 0, names, book.add_format({"bold": True}))
    for number, row in enumerate(rows, start=1):
        if number > MOST_XLSX_ROWS:
            raise TooLargeError
        for column, value in enumerate(row):
            cell = _xlsx_cell(value, header[column], cuts=cuts)
            sheet.write(number, column, cell, formats.get(type(cell)))


def _xlsx_cell(value: Any, column: str, *, cuts: bool) -> Any:
    """Return what XlsxWriter stores as it is: None, a bool, a number, a date, a naive datetime of UTC, or a text."""
    write = XLSX_CELLS.get(type(value))
    cell = write(value) if write else text_of(value)
    return _fitting(cell, column, cuts=cuts) if isinstance(cell, str) else cell


def _fitting(text: str, column: str, *, cuts: bool) -> str:
    if len(text) <= MOST_XLSX_TEXT // 2:
        return text
    units = text.encode("utf-16-le")  # of two bytes; spreadsheets count these
    if len(units) <= 2 * MOST_XLSX_TEXT:
        return text
    if not cuts:
        raise TextTooLongError(column)
    return f"{units[: 2 * MOST_XLSX_TEXT - 2].decode('utf-16-le', 'ignore')}…"


def _number(value: int | Decimal) -> int | Decimal | str:
    """Return a number as it is where a double has all its digits, else as a text."""
    text = plain_decimal(Decimal(value))
    return value if len(text.strip("-0.").replace(".", "")) <= MOST_XLSX_DIGITS and text[-1].isdigit() else text


def _xlsx_float(value: float) -> float | str:
    return value if abs(value) < float("inf") else repr(value)  # no cell has NaN or infinity


def _xlsx_moment(value: datetime) -> datetime | str:
    if value.date() < FIRST_XLSX_DAY:
        return text_of_moment(value)
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


XLSX_CELLS: dict[type, Callable[[Any], Any]] = {
    type(None): lambda _: None,
    str: str,
    bool: bool,
    int: _number,
    Decimal: _number,
    float: _xlsx_float,
    datetime: _xlsx_moment,
    date: lambda value: value if value >= FIRST_XLSX_DAY else value.isoformat(),
}
