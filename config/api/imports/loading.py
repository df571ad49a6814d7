"""Load the rows of a file into staging, and explain each rejected row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, compress, count, islice, repeat
from operator import is_, itemgetter
from typing import NamedTuple, Protocol

from django.db import connection

from config.api.imports.parsing import Reason, RowFormat, reasons_of
from config.api.imports.staging import Row, Stage

CHUNK_ROWS = 20_000
PARSED_AT_ONCE = 250  # so few that the garbage collector, which wakes at 700 new lists, never looks at them


# The line a record starts on (the file's first being 1), its fields, and what is wrong with it as CSV ("" if nothing).
Record = tuple[int, list[str], str]


class Source(Protocol):
    """A file whose records are read: the first time all of them, then the rejected ones again."""

    size: int
    read_as: str
    delimiter: str
    positions: dict[str, int]  # of each wanted column in a record
    width: int
    kind_position: int | None  # of the column `file` in a file of rejects
    raw: str  # the text of the record that `record_at` returned last

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has come."""

    def records(self) -> Iterator[Record]:
        """Yield every record after the header."""

    def record_at(self, start: int) -> Record:
        """Return the record that starts on a line; lines are asked for in ascending order."""

    def rewind(self) -> None:
        """Go back to the start."""


@dataclass(frozen=True)
class FileSpec:
    """One of the files of an import: its name, the format of its rows, and its staging table.

    `unknown_parent` says what is wrong with a row whose parent is not known, from the row by column.
    """

    name: str
    row_format: RowFormat
    stage: Stage
    unknown_parent: Callable[[Mapping[str, str]], Reason] | None = None


@dataclass
class Counts:
    """How many rows a file has and what became of them: read = inserted + updated + unchanged + rejected."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0


class Reject(NamedTuple):
    """A rejected row: its line, every reason, its text, and its fields by column."""

    line: int
    reasons: list[Reason]
    raw: str
    row: dict[str, str]


@dataclass
class Load:
    """Load one file into its staging table."""

    spec: FileSpec
    file: Source
    counts: Counts = field(default_factory=Counts)
    # Of a rejected row, by column and as text: the reasons that may be told where the row itself may not be kept.
    withheld: Callable[[Mapping[str, str], str], list[Reason]] | None = None
    # Of rows that were mended: by line of this file, the line of the file that they come from, which people are told.
    lines: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._format = self.spec.row_format.in_text_delimited_by(self.file.delimiter)
        self._names = self._format.names
        self._pick = itemgetter(*(self.file.positions[name] for name in self._names))

    def run(self) -> Iterator[None]:
        """Stage every row, yielding after each chunk."""
        self.spec.stage.create()
        rows = self._rows()
        for first in rows:
            self.spec.stage.load(chain([first], islice(rows, CHUNK_ROWS - 1)))
            yield
        self.spec.stage.analyze()

    def _rows(self) -> Iterator[Row]:
        """Yield `(line, bad, values…)` for each record that counts; a bad row says what can be read of it."""
        width = self.file.width
        nothing = [None] * len(self._names)
        records = self.file.records()
        while some := list(islice(records, PARSED_AT_ONCE)):
            counted = self._counted(some)
            if whole := [(line, fields) for line, fields, _ in counted if len(fields) == width]:
                yield from self._whole_rows(*zip(*whole, strict=True))
            yield from ((line, 1, *nothing) for line, fields, _ in counted if len(fields) != width)

    def _counted(self, records: list[Record]) -> list[Record]:
        """Leave out empty records and, of a file of rejects, those of the other file."""
        counted = [record for record in records if any(record[1]) or record[2]]
        if self.file.kind_position is not None:
            counted = [record for record in counted if self._is_of_this_file(record[1], self.file.kind_position)]
        self.counts.read += len(counted)
        self.counts.skipped += len(records) - len(counted)
        return counted

    def _is_of_this_file(self, fields: list[str], place: int) -> bool:
        return len(fields) <= place or fields[place] == self.spec.name

    def _whole_rows(self, lines: Sequence[int], rows: Sequence[list[str]]) -> Iterator[Row]:
        columns = self._format.values(zip(*map(self._pick, rows), strict=True))
        bad = [0] * len(rows)
        for column in columns:
            for place in compress(count(), map(is_, column, repeat(None))):
                bad[place] = 1
        return zip(lines, bad, *columns, strict=True)

    def rejects(self) -> Iterator[Reject]:
        """Yield every rejected row with all its reasons, reading again only those rows of the file."""
        self.file.rewind()
        for line, first_line, unknown_parent in self.spec.stage.rejected_lines():
            _, fields, malformed = self.file.record_at(line)
            reasons = self._own_reasons(fields, malformed)
            row = dict(zip(self._names, self._pick(fields), strict=True)) if len(fields) == self.file.width else {}
            told = self.lines.get(line, line)
            if self.withheld and (only := self.withheld(row, self.file.raw)):
                yield Reject(told, only, "", {})
                continue
            reasons += self._cross_reasons(row, first_line, unknown_parent=unknown_parent)
            yield Reject(told, reasons, visible(self.file.raw), {name: visible(text) for name, text in row.items()})

    def _own_reasons(self, fields: list[str], malformed: str) -> list[Reason]:
        if malformed:
            return [{"field": "", "code": "malformed", "message": f"is not valid CSV: {malformed}"}]
        if len(fields) != self.file.width:
            message = f"has {len(fields)} fields, the header has {self.file.width}"
            return [{"field": "", "code": "wrong_number_of_fields", "message": message}]
        return reasons_of(self._format, self._pick(fields))

    def _cross_reasons(self, row: dict[str, str], first_line: int | None, *, unknown_parent: bool) -> list[Reason]:
        reasons: list[Reason] = []
        if first_line is not None:
            key = self._names[0]
            first_line = self.lines.get(first_line, first_line)
            message = f"{row[key].strip()!r} stands on line {first_line} already, with other values"
            reasons.append({"field": key, "code": "repeated", "message": message})
        if unknown_parent and self.spec.unknown_parent:
            reasons.append(self.spec.unknown_parent(row))
        return reasons


def visible(text: str) -> str:
    """Return a text that shows a NUL, which PostgreSQL keeps in no text, as its symbol."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


@contextmanager
def bulk_load_pragmas() -> Iterator[None]:
    """Make SQLite fit for millions of rows: larger page caches, and no second look at the foreign key.

    `reject_orphans` has found every row without a parent, in the transaction that inserts and with the database's only write
    lock; SQLite looking up each parent once more takes a quarter of an import's time.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        cursor.execute("PRAGMA cache_size = -32768")
        cursor.execute("PRAGMA temp.cache_size = -16384")
        try:
            yield
        finally:
            cursor.execute("PRAGMA cache_size = -2000")
            cursor.execute("PRAGMA temp.cache_size = -2000")
