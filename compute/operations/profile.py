"""profile: what each column holds. It takes several steps, each an operation on one column (compute/jobs/profiling.py)."""

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw

from compute.files.errors import MixedColumn
from compute.operations.base import Frame, Result, Scan, SmallTable
from compute.operations.cell_types import Cell, CellType, Family, Reading, Table
from compute.operations.where import Condition, Where
from compute.operations.whole_rows import as_read

TOP = 10  # values that are told with their counts
BINS = 20  # of a histogram


@dataclass(frozen=True)
class Profile:
    """A profile of `columns`, or of all, over the first `rows` rows, or over all.

    Its first step, which this is, brings the rows where each column is read fast.
    """

    conditions: Sequence[Condition] = ()
    columns: Sequence[str] = ()
    rows: int | None = None

    @property
    def reads_all(self) -> bool:
        return self.rows is None

    @property
    def most_rows(self) -> int | None:
        return None if self.conditions else self.rows

    @property
    def _where(self) -> Where:
        return Where(self.conditions, self.columns)

    def scan(self, table: Table) -> Scan:
        return self._where.scan(table)

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        self._where.refuse(table, cell, value)

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        found = self._where.fitting(frame, table)
        return as_read(found if self.rows is None else found.head(self.rows))


@dataclass(frozen=True)
class ColumnStep:
    """A step that looks at one column."""

    column: str
    reads_all = False  # what it finds is for people: an infinity is a text
    most_rows = None

    @property
    def key(self) -> Cell:
        return Cell(self.column, CellType.KEY)

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        """Compare by the text what has numbers and words."""
        try:
            table.note_refused(cell, value, field="columns", must_be_number=False)
        except MixedColumn:
            table.declared = {self.column: Reading.TEXT}


class Summary(ColumnStep):
    """One row: how many values there are, are missing and are distinct, and the least and the greatest."""

    def _ordered(self, table: Table) -> Cell | None:
        is_nested = table.families[self.column] == Family.NESTED
        return None if is_nested else table.ordered(self.column, "columns")

    def scan(self, table: Table) -> Scan:
        ordered = self._ordered(table)
        return Scan([self.key, *([ordered] if ordered and ordered != self.key else [])])

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        key, ordered = self.key.expression, self._ordered(table)
        ends = {"min": ordered.expression.min(), "max": ordered.expression.max()} if ordered else {}
        groups = frame.group_by(self.key.name).agg(
            nw.len().alias("rows"), *(end.alias(name) for name, end in ends.items())
        )
        counts = nw.when(~key.is_null()).then(nw.col("rows"))
        found = groups.select(
            counts.sum().cast(nw.Int64).alias("count"),
            (nw.col("rows").sum() - counts.sum()).cast(nw.Int64).alias("nulls"),
            key.count().cast(nw.Int64).alias("distinct"),
            *([nw.col("min").min(), nw.col("max").max()] if ordered else []),
        )
        return Result(found, dict.fromkeys(ends, ordered) if ordered else {})


class TopValues(ColumnStep):
    """The most frequent values, each with its count."""

    def scan(self, table: Table) -> Scan:
        return Scan([self.key])

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        key = self.key
        groups = frame.filter(~key.expression.is_null()).group_by(key.name).agg(nw.len().alias("count"))
        top = groups.sort("count", key.name, descending=[True, False]).head(TOP)
        return Result(top.select(key.expression.alias("value"), nw.col("count").cast(nw.Int64)), {"value": key})


@dataclass(frozen=True)
class Histogram(ColumnStep):
    """How many numbers lie in each of BINS parts of equal width, from the least to the greatest; empty ones are left out."""

    least: float
    greatest: float

    @property
    def width(self) -> float:
        """Return the width of a part."""
        return (self.greatest - self.least) / BINS

    def scan(self, table: Table) -> Scan:
        return Scan([table.number_of(self.column, "columns")])

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        number = Cell(self.column, CellType.NUMBER).expression
        place = ((number - self.least) / self.width).floor() if self.width else number * 0
        last = nw.when(place >= BINS).then(nw.lit(BINS - 1.0)).otherwise(place)  # the greatest number
        placed = frame.filter(~number.is_null()).select(last.alias("bin"))
        counted = placed.group_by("bin").agg(nw.len().alias("count")).sort("bin")
        return Result(counted.select(nw.col("bin").cast(nw.Int64), nw.col("count").cast(nw.Int64)))
