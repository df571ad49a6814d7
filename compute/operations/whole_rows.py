"""Operations that return whole rows as they were read: non_null and preview."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import narwhals as nw

from compute.operations.base import LINE, Frame, Result, Scan, SmallTable
from compute.operations.cell_types import Cell, CellType, Table, inner_name


@dataclass(frozen=True)
class NonNull:
    """Rows in which all of `columns` have a value, as they were read, in their order."""

    columns: Sequence[str]
    reads_all = True
    most_rows = None

    def scan(self, table: Table) -> Scan:
        table.check_known(self.columns, "columns")
        return Scan([*_raw(table), *self._values()])

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        raise AssertionError("values are taken as they are")

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        return _as_read(frame.filter(*(~cell.expression.is_null() for cell in self._values())))

    def _values(self) -> list[Cell]:
        return [Cell(column, CellType.VALUE) for column in self.columns]


@dataclass(frozen=True)
class Preview:
    """The first `rows` rows as they were read."""

    rows: int
    reads_all = False

    @property
    def most_rows(self) -> int:
        """Return how many rows are enough."""
        return self.rows

    def scan(self, table: Table) -> Scan:
        return Scan(_raw(table))

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        raise AssertionError("values are taken as they are")

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        return _as_read(frame.head(self.rows))


def _raw(table: Table) -> list[Cell]:
    return [Cell(column, CellType.RAW) for column in table.families]


def _as_read(frame: Frame) -> Result:
    names = frame.collect_schema().names()
    if LINE in names:
        return Result(frame.select(LINE))
    prefix = inner_name(CellType.RAW, "")
    columns = {name: unquote(name.removeprefix(prefix)) for name in names if name.startswith(prefix)}
    selected = frame.select(*(nw.col(name).alias(column) for name, column in columns.items()))
    return Result(selected, {column: Cell(column, CellType.RAW) for column in columns.values()})
