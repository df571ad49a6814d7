"""Read CSV sequentially with Python's own reader: slow and exact. Used to verify what the engines read."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from compute.files.errors import BrokenFile
from compute.files.formats import Source, open_bytes
from compute.files.text_check import CheckedText
from config.core.csv_errors import csv_reason

MAX_ROW_BYTES = 2_000_000
csv.field_size_limit(MAX_ROW_BYTES)


def read_rows(source: Source) -> Iterator[list[str | None]]:
    """Yield the rows behind the header, as wide as it, an empty cell being None; raise BrokenFile where there is none."""
    with open_bytes(source) as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=source.delimiter, strict=True)
        try:
            next(reader)
            lines.end_row()
            for row in reader:
                lines.end_row()
                if row or len(source.columns) == 1:
                    yield _even(row or [""], len(source.columns), reader.line_num)
        except csv.Error as error:
            raise _broken(reader.line_num, csv_reason(error)) from error


def check_rows(source: Source, rows: int) -> None:
    """Raise BrokenFile unless the file is sound and has this many rows."""
    found = sum(1 for _ in read_rows(source))
    if found != rows:
        raise BrokenFile(f"The file cannot be read: it has {found} rows, of which the engine sees {rows}.")


class _Lines:
    """Lines of a file; checks how each row ends and how long it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = io.TextIOWrapper(cast(BinaryIO, CheckedText(file)), encoding="utf-8-sig", newline="")
        self._end = self._line = ""
        self._size = self._number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self._line = self._file.readline(MAX_ROW_BYTES + 1)
        self._number += 1
        self._size += len(self._line.encode())
        if self._size > MAX_ROW_BYTES:
            raise _broken(self._number, f"the row is longer than {MAX_ROW_BYTES} bytes")
        if not self._line:
            raise StopIteration
        return self._line

    def end_row(self) -> None:
        """Take note that a row ended with the last line."""
        end = self._line[len(self._line.rstrip("\r\n")) :]
        if end and end != (self._end or end):
            raise _broken(self._number, "its line ends are mixed")
        self._size, self._end = 0, self._end or end


def _even(row: list[str], width: int, line: int) -> list[str | None]:
    while len(row) > width and not row[-1]:
        row.pop()
    if len(row) != width:
        raise _broken(line, f"{len(row)} cells, the header has {width}")
    return [cell or None for cell in row]


def _broken(line: int, reason: str) -> BrokenFile:
    return BrokenFile(f"The file cannot be read: line {line}: {reason}.")
