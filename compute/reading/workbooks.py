"""Read a sheet of a workbook (.xlsx, .xls, .ods) as rows of text: each value as it would stand in a CSV."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compute.files.errors import BrokenFile, UnusableOption, listed, quoted


@dataclass(frozen=True)
class Sheet:
    """A sheet's name, and its rows."""

    name: str
    rows: Iterator[list[str]]


def open_sheet(path: Path, asked: str) -> Sheet:
    """Return the sheet that is asked for, or the first one; raise BrokenFile or UnusableOption."""
    with _broken_as_such():
        workbook = _opened(path)
        name = asked or next(iter(workbook.sheet_names), "")
        if name not in workbook.sheet_names:
            known = f"It has: {listed(workbook.sheet_names)}."
            raise UnusableOption(f"The workbook has no sheet {quoted(name)}. {known}", "read.sheet")
        return _sheet(workbook, name)


def sheets(path: Path) -> Iterator[Sheet]:
    """Yield all sheets of a workbook, in order; raise BrokenFile."""
    with _broken_as_such():
        workbook = _opened(path)
        for name in workbook.sheet_names:
            yield _sheet(workbook, name)


def _opened(path: Path) -> Any:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - who reads other files does not need it

    return CalamineWorkbook.from_path(str(path))


def _sheet(workbook: Any, name: str) -> Sheet:
    return Sheet(name, _rows(workbook.get_sheet_by_name(name)))


@contextmanager
def _broken_as_such() -> Iterator[None]:
    from python_calamine import CalamineError  # noqa: PLC0415 - as above

    try:
        yield
    except CalamineError as error:
        raise BrokenFile(_reason(str(error))) from error


def _reason(error: str) -> str:
    if "assword" in error:
        return "The workbook is encrypted. Save it without a password."
    return "The file cannot be read: it is not a whole workbook. Open it in a spreadsheet program and save it again."


def _rows(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.iter_rows():
        yield [_text(value) for value in row]


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.timedelta():
            minutes, seconds = divmod(int(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value)
