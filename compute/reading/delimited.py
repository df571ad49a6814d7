"""Read delimited text row by row in any dialect, with Python's own reader: slower than an engine, and it says what is wrong.

A row that is bad fails the whole, or is left out and told, as the request says. Behind a quote that is never closed, reading
goes on with the next line: it costs no other row.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TextIO

from compute.files.errors import BrokenFile, quoted, shortened
from compute.files.formats import BLANKS, MAX_ROW_BYTES
from compute.reading.dialects import Dialect
from compute.reading.options import OnBadRows
from config.core.csv_errors import csv_reason

csv.field_size_limit(MAX_ROW_BYTES)
MOST_TOLD = 100  # bad rows that are told with their text
MOST_TEXT = 200  # characters of it
_LOOKED_AT = 20  # lines, of which one that is wider than all before may be the header
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class BadRow:
    """A row that was left out: its first line, its text, and what is wrong with it."""

    line: int
    text: str
    reason: str


@dataclass
class BadRows:
    """Rows that were left out: how many, and the first MOST_TOLD of them."""

    count: int = 0
    first: list[BadRow] = field(default_factory=list)

    def note(self, row: BadRow) -> None:
        """Take note of one more."""
        self.count += 1
        if len(self.first) < MOST_TOLD:
            self.first.append(row)


class RowTooLongError(Exception):
    """A row, as far as it was read, is longer than MAX_ROW_BYTES."""


class DelimitedText:
    """The rows of a text in a dialect. `columns` and `bad_rows` are known as far as was read."""

    def __init__(self, text: TextIO, dialect: Dialect, on_bad_rows: OnBadRows) -> None:
        self._lines = _Lines(text, dialect.comment)
        self._dialect, self._on_bad_rows = dialect, on_bad_rows
        self._reader = csv.reader(self._lines, **dialect.for_csv)
        self.bad_rows = BadRows()
        self._has_begun = False
        self._first = self._begin()
        self._has_begun = True

    @property
    def width(self) -> int:
        return len(self._first)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns' names, each once; those without a name are called by their number."""
        return unique_names(self._first if self._dialect.has_header else [""] * self.width)

    @property
    def ends_nameless(self) -> bool:
        """Return whether the header ends with a delimiter, behind which rows need not have a cell."""
        return self._dialect.has_header and self.width > 1 and not self._first[-1].strip()

    @property
    def is_renamed(self) -> bool:
        """Return whether columns are not called as the header has it, or that was not the first line."""
        return list(self.columns) != self._first

    def rows(self) -> Iterator[list[str]]:
        """Yield the rows, as wide as the header; raise BrokenFile where one is not and that is an error."""
        if not self._dialect.has_header:
            yield self._first
        width = self.width
        for cells in self._records():
            row = cells if len(cells) == width else self._even(cells)
            if row is not None:
                yield row

    def _begin(self) -> list[str]:
        """Return the first row that is not blank."""
        self._lines.skip(self._dialect.skipped_lines)
        first = next((cells for cells in self._records() if cells), None)
        if first is None:
            raise BrokenFile("The file is empty: it has no columns.")
        return first

    def _records(self) -> Iterator[list[str]]:
        while True:
            self._lines.begin_row()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except RowTooLongError:
                self._refuse(f"the row is longer than {MAX_ROW_BYTES} bytes")
                self._lines.give_back()
            except csv.Error as error:
                if (spaced := self._spaced_cells()) is not None:
                    yield spaced
                    continue
                self._refuse(csv_reason(error))
                self._lines.give_back()
            else:
                yield self._spaced_cells() or cells if self._has_spaced_quotes(cells) else cells

    def _has_spaced_quotes(self, cells: Sequence[str]) -> bool:
        quote = self._dialect.quote
        return (
            bool(quote)
            and quote in self._lines.taken[0]
            and any(cell[0] in BLANKS and cell.lstrip(BLANKS)[:1] == quote for cell in cells if cell)
        )

    def _spaced_cells(self) -> list[str] | None:
        """The cells of a line in which blanks stand around quotes, which Python's reader takes for a part of the cell."""
        quote, mark = re.escape(self._dialect.quote), re.escape(self._dialect.delimiter)
        if not quote or self._dialect.escape or len(self._lines.taken) != 1:
            return None
        cell = rf"[ \t]*{quote}((?:[^{quote}]|{quote}{quote})*){quote}[ \t]*|([^{mark}{quote}]*)"
        text = self._lines.taken[0].rstrip("\r\n")
        if not re.fullmatch(rf"(?:{cell})(?:{mark}(?:{cell}))*", text):
            return None
        found = re.finditer(rf"(?:^|{mark})(?:{cell})(?={mark}|$)", text)
        return [(each[1] or each[2] or "").replace(self._dialect.quote * 2, self._dialect.quote) for each in found]

    def _even(self, cells: list[str]) -> list[str] | None:
        """Return the row as wide as the header; None where it is blank or left out."""
        if not cells:
            return [""] if self.width == 1 else None
        while len(cells) > self.width and not cells[-1]:
            cells.pop()
        missing = self.width - len(cells)
        is_short = missing > 0 and (self._on_bad_rows == OnBadRows.PAD or (missing == 1 and self.ends_nameless))
        if missing and not is_short:
            self._refuse(f"{len(cells)} cells, the header has {self.width}", has_more=missing < 0)
            return None
        return cells + [""] * missing

    def _refuse(self, reason: str, *, has_more: bool = False) -> None:
        """Take note of a row that is left out; raise BrokenFile where none may be."""
        line = self._lines.first_of_row
        if not self._has_begun and self._dialect.has_header:
            raise BrokenFile(f"The header cannot be read: {reason}.")
        if self._on_bad_rows == OnBadRows.ERROR:
            mend = 'To leave such rows out, send "read": {"on_bad_rows": "skip"}.'
            if has_more and line <= _LOOKED_AT:
                mend += f' If the table begins with this line, send "read": {{"skip_rows": {line - 1}}}.'
            detail = f"The file cannot be read: line {line}: {reason}. {mend}"
            raise BrokenFile(detail, read={"on_bad_rows": OnBadRows.SKIP.value})
        text = shortened(self._lines.taken[0].rstrip("\r\n"), MOST_TEXT)
        self.bad_rows.note(BadRow(line, text, reason))


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return columns' names, each once: `name`, `name_2`, `column_3` for none; raise BrokenFile for what is no text."""
    taken, found = set(names), dict[str, None]()
    for number, name in enumerate(names, 1):
        if _NO_TEXT.search(name):  # which no database stores
            raise BrokenFile(f"The name of column {number}, {quoted(name)}, is not text; rename it.")
        wanted = name if name.strip() else f"column_{number}"
        unique, times = wanted, 1
        while unique in found or (unique != name and unique in taken):
            times += 1
            unique = f"{wanted}_{times}"
        found[unique] = None
    return tuple(found)


class _Lines:
    """The lines of a text, with their numbers; those of a row that was read in vain can be given back."""

    def __init__(self, text: TextIO, comment: str) -> None:
        self._text, self._comment = text, comment
        self._given_back: deque[str] = deque()
        self._number = self._size = 0
        self.taken: list[str] = []  # of the row at hand

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._next()
        while self._comment and not self.taken and line.startswith(self._comment):
            line = self._next()
        self.taken.append(line)
        self._size += len(line)
        if self._size > MAX_ROW_BYTES:
            raise RowTooLongError
        return line

    @property
    def first_of_row(self) -> int:
        """Return the number of the first line of the row at hand."""
        return self._number - max(len(self.taken), 1) + 1

    def begin_row(self) -> None:
        """Forget the lines of the row before."""
        self.taken, self._size = [], 0

    def skip(self, lines: int) -> None:
        """Pass over some lines."""
        for _ in range(lines):
            if not self._text.readline(MAX_ROW_BYTES):
                return
            self._number += 1

    def give_back(self) -> None:
        """Let all lines of the row at hand but the first one come again."""
        again = self.taken[1:]
        self._given_back.extendleft(reversed(again))
        self._number -= len(again)

    def _next(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._text.readline(MAX_ROW_BYTES + 1)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) > MAX_ROW_BYTES:
            self._pass_rest()
        return line

    def _pass_rest(self) -> None:
        """Go on behind a line of which only the beginning was read."""
        while (rest := self._text.readline(MAX_ROW_BYTES)) and not rest.endswith(("\n", "\r")):
            pass
