"""Operations that return whole rows as they were read: non_null, and what preview and where share with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import narwhals as nw

from compute.operations.arrangement import AS_COMPUTED, Arrangement
from compute.operations.base import LINE, ROW, Frame, Result, Scan, SmallTable, distinct
from compute.operations.cell_types import Cell, CellType, Table, inner_name


@dataclass(frozen=True)
class NonNull:
    """Rows in which all of `columns` have a value, as they were read, in their order unless another is asked for."""

    columns: Sequence[str]
    arrangement: Arrangement = AS_COMPUTED
    reads_all = True
    most_rows = None

    def scan(self, table: Table) -> Scan:
        table.check_known(self.columns, "columns")
        self.arrangement.check(list(table.families))
        orders = self._orders(table)
        cells = distinct([*raw_cells(table), *self._values(), *orders.values()])
        return Scan(cells, rows=self._needs_order)

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        table.note_refused(cell, value, field="sort", must_be_number=False)

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        values = [~cell.expression.is_null() for cell in self._values()]
        found = frame.filter(*values) if values else frame
        orders = {column: cell.name for column, cell in self._orders(table).items()}
        return as_read(self.arrangement.apply(found, orders, [ROW] if self._needs_order else []))

    @property
    def _needs_order(self) -> bool:
        """With a limit, too: an engine would stop at it, and neither count the rest nor see what is wrong there."""
        return self.arrangement != AS_COMPUTED

    def _orders(self, table: Table) -> dict[str, Cell]:
        """What rows are compared by: the value, as of min and max."""
        return {each.column: table.ordered(each.column, "sort") for each in self.arrangement.orders}

    def _values(self) -> list[Cell]:
        return [Cell(column, CellType.VALUE) for column in self.columns]


def raw_cells(table: Table, columns: Sequence[str] = ()) -> list[Cell]:
    """Return the cells of a row as they stand, those of `columns` or all."""
    return [Cell(column, CellType.RAW) for column in columns or table.families]


def as_read(frame: Frame) -> Result:
    """Return the RAW cells of a frame, or its LINE, as the result."""
    names = frame.collect_schema().names()
    if LINE in names:
        return Result(frame.select(LINE))
    prefix = inner_name(CellType.RAW, "")
    columns = {name: unquote(name.removeprefix(prefix)) for name in names if name.startswith(prefix)}
    selected = frame.select(*(nw.col(name).alias(column) for name, column in columns.items()))
    return Result(selected, {column: Cell(column, CellType.RAW) for column in columns.values()})
