"""preview: some rows as they were read, for people and programs that look at a file."""

from collections.abc import Sequence
from dataclasses import dataclass

from compute.files.errors import MixedColumn
from compute.operations.arrangement import AS_COMPUTED, Arrangement
from compute.operations.base import ROW, Frame, Result, Scan, SmallTable, distinct
from compute.operations.cell_types import Cell, Reading, Table
from compute.operations.where import Condition, Where
from compute.operations.whole_rows import as_read

MOST_FIRST_ROWS = 20_000  # so many are read faster by our own reader than by an engine that looks at the file first


@dataclass(frozen=True)
class Preview:
    """`rows` rows behind the first `offset` of those that fit all conditions, in their order unless another is asked for."""

    rows: int
    offset: int = 0
    conditions: Sequence[Condition] = ()
    arrangement: Arrangement = AS_COMPUTED
    reads_all = False

    @property
    def most_rows(self) -> int | None:
        """Return how many rows are enough."""
        is_as_it_stands = not self.conditions and not self.arrangement.orders
        return self._end if is_as_it_stands and self._end <= MOST_FIRST_ROWS else None

    @property
    def _end(self) -> int:
        return self.offset + self.rows

    @property
    def _where(self) -> Where:
        return Where(self.conditions)

    def scan(self, table: Table) -> Scan:
        self.arrangement.check(list(table.families))
        cells = self._where.scan(table).cells
        return Scan(distinct([*cells, *self._orders(table).values()]), rows=bool(self.arrangement.orders))

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        """Raise for a condition what it meets; sort by its text a column of numbers and words."""
        if not cell.kind.is_ordered:
            self._where.refuse(table, cell, value)
            return
        try:
            table.note_refused(cell, value, field="sort", must_be_number=False)
        except MixedColumn:
            table.declared = {**table.declared, cell.column: Reading.TEXT}

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        found = self._where.fitting(frame, table)
        names = {column: cell.name for column, cell in self._orders(table).items()}
        arranged = self.arrangement.apply(found, names, [ROW] if self.arrangement.orders else []).head(self._end)
        result = as_read(arranged)
        return Result(result.frame, result.cells, skipped=self.offset)

    def _orders(self, table: Table) -> dict[str, Cell]:
        return {each.column: table.ordered(each.column, "sort") for each in self.arrangement.orders}
