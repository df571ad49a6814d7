"""Rows between a file and its stage: which go in, which are skipped, and all that is wrong with the rejected ones."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from inflight.csv_file import CsvFile
from inflight.parsing import Reason, RowFormat, Value, lenient_value, reasons_of
from inflight.staging import Row, Stage

CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class Kind:
    """One of the two files of an import: its name, what its rows must say, and the stage before its table."""

    name: str
    row_format: RowFormat
    stage: Stage


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
    """A row that is not taken: its line, every reason, its text, and its fields by column."""

    line: int
    reasons: list[Reason]
    raw: str
    row: dict[str, str]


@dataclass
class Load:
    """One file on its way into its stage."""

    kind: Kind
    file: CsvFile
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self._names = self.kind.row_format.names
        self._checks = [check for _, check in self.kind.row_format.columns]
        self._pick = itemgetter(*(self.file.positions[name] for name in self._names))

    def run(self) -> Iterator[None]:
        """Stage every row, yielding after each chunk."""
        self.kind.stage.create()
        rows = self._rows()
        while chunk := list(islice(rows, CHUNK_ROWS)):
            self.kind.stage.load(chunk)
            yield
        self.kind.stage.analyze()

    def _rows(self) -> Iterator[Row]:
        """Yield `(line, bad, values…)` for each row that counts. This runs once per row: the good way through is short."""
        parse, pick, width = self.kind.row_format.parse, self._pick, self.file.width
        of_rejects = self.file.kind_position is not None
        read = skipped = 0
        for line, fields, fault in self.file.records():
            if (not any(fields) and not fault) or (of_rejects and self._is_of_other_file(fields)):
                skipped += 1
                continue
            read += 1
            try:
                values = parse(*pick(fields)) if len(fields) == width else None
            except ValueError:
                values = None
            yield (line, False, *values) if values else (line, True, *self._lenient_values(fields))
        self.counts.read, self.counts.skipped = read, skipped

    def _is_of_other_file(self, fields: list[str]) -> bool:
        place = self.file.kind_position
        return place is not None and len(fields) > place and fields[place] != self.kind.name

    def _lenient_values(self, fields: list[str]) -> list[Value]:
        """What can be read of a bad row, so that all that is wrong with it can be said."""
        if len(fields) != self.file.width:
            return [None] * len(self._checks)
        return [lenient_value(check, text) for check, text in zip(self._checks, self._pick(fields), strict=True)]

    def rejects(self) -> Iterator[Reject]:
        """Yield every rejected row with all its reasons, reading again only those rows of the file."""
        self.file.rewind()
        for line, first_line, unknown_parent in self.kind.stage.rejected_lines():
            _, fields, fault = self.file.record_at(line)
            reasons = self._own_reasons(fields, fault)
            row = dict(zip(self._names, self._pick(fields), strict=True)) if len(fields) == self.file.width else {}
            reasons += self._cross_reasons(row, first_line, unknown_parent=unknown_parent)
            yield Reject(line, reasons, _visible(self.file.raw), {name: _visible(text) for name, text in row.items()})

    def _own_reasons(self, fields: list[str], fault: str) -> list[Reason]:
        if fault:
            return [{"field": "", "code": "malformed", "message": f"cannot be read as CSV: {fault}"}]
        if len(fields) != self.file.width:
            message = f"has {len(fields)} fields, the header has {self.file.width}"
            return [{"field": "", "code": "wrong_number_of_fields", "message": message}]
        return reasons_of(self.kind.row_format, self._pick(fields))

    def _cross_reasons(self, row: dict[str, str], first_line: int | None, *, unknown_parent: bool) -> list[Reason]:
        reasons: list[Reason] = []
        if first_line is not None:
            key = self._names[0]
            message = f"{row[key].strip()!r} stands on line {first_line} already, with other values"
            reasons.append({"field": key, "code": "repeated", "message": message})
        if unknown_parent:
            message = f"{row['customer_id'].strip()!r} is neither in the customers file nor in the database"
            reasons.append({"field": "customer_id", "code": "unknown_customer", "message": message})
        return reasons


def _visible(text: str) -> str:
    """Show a NUL, which PostgreSQL keeps in no text, as its symbol."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")
