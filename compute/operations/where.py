"""where: the rows on which an operation computes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne
from typing import Any, Self

import narwhals as nw

from compute.files.errors import IncomparableValue
from compute.operations.base import Frame, Result, Scan, SmallTable, distinct
from compute.operations.cell_types import Cell, CellType, Family, Table
from compute.operations.whole_rows import as_read, raw_cells

EXACT_IN_DOUBLE = 2**53  # whole numbers below it


class Comparison(StrEnum):
    """How a condition compares a cell with its value. A missing cell fits none of them but IS_NULL."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    IN = "in"
    CONTAINS = "contains"
    IS_NULL = "is_null"


SIGNS = {"≠": Comparison.NOT_EQUAL, "≤": Comparison.AT_MOST, "≥": Comparison.AT_LEAST}  # other ways to write them
ORDERS = frozenset({Comparison.LESS, Comparison.AT_MOST, Comparison.GREATER, Comparison.AT_LEAST})
_COMPARED: dict[Comparison, Callable[[nw.Expr, Any], nw.Expr]] = {
    Comparison.EQUAL: eq,
    Comparison.NOT_EQUAL: ne,
    Comparison.LESS: lt,
    Comparison.AT_MOST: le,
    Comparison.GREATER: gt,
    Comparison.AT_LEAST: ge,
    Comparison.CONTAINS: lambda cell, value: cell.str.contains(value, literal=True),
    Comparison.IN: lambda cell, values: ~cell.is_null() & cell.is_in(values),
}


@dataclass(frozen=True)
class Condition:
    """A column, how its cells are compared, and with what: numbers as doubles, all else as the text that CSV has for it."""

    column: str
    comparison: Comparison
    value: Any

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return the condition that a request gives as JSON, checked by its serializer."""
        comparison = SIGNS.get(given["op"]) or Comparison(given["op"])
        return cls(given["column"], comparison, given.get("value", True))

    @property
    def _values(self) -> list[Any]:
        return list(self.value) if self.comparison == Comparison.IN else [self.value]

    def cell(self, table: Table, field: str) -> Cell:
        """Return what is read of the column; raise IncomparableValue, NotNumeric, NotComparable."""
        if self.comparison == Comparison.IS_NULL:
            return Cell(self.column, CellType.VALUE)
        family = table.families[self.column]
        if family == Family.NESTED:
            raise IncomparableValue(self.column, "its values are lists or structs", field)
        kinds = {type(value) for value in self._values}
        if kinds <= {int, float}:
            if family != Family.FLOAT:
                self._check_numbers(field)
            return table.number_of(self.column, field)
        if kinds == {bool} and family not in (Family.BOOLEAN, Family.JSON):
            raise IncomparableValue(self.column, "only a column of booleans is compared with true or false", field)
        if family.is_numeric and self.comparison in ORDERS:
            raise IncomparableValue(self.column, "it holds numbers, so less and greater need a number as value", field)
        return Cell(self.column, CellType.TEXT)

    def _check_numbers(self, field: str) -> None:
        for value in self._values:
            if abs(value) >= EXACT_IN_DOUBLE and value == int(value):
                mend = "" if self.comparison in ORDERS else "; send it as a text"
                raise IncomparableValue(
                    self.column, f"{value} has more digits than are compared as a number{mend}", field
                )

    def expression(self, cell: Cell) -> nw.Expr:
        """Return whether a row fits."""
        if self.comparison == Comparison.IS_NULL:
            return cell.expression.is_null() if self.value else ~cell.expression.is_null()
        values = [_as_text(value) if cell.kind == CellType.TEXT else float(value) for value in self._values]
        return _COMPARED[self.comparison](cell.expression, values if self.comparison == Comparison.IN else values[0])


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Where:
    """Rows that fit all conditions, as they were read, in their order: whole ones, or their `columns`."""

    conditions: Sequence[Condition]
    columns: Sequence[str] = ()
    reads_all = True
    most_rows = None

    def scan(self, table: Table) -> Scan:
        table.check_known([each.column for each in self.conditions], "where")
        table.check_known(self.columns, "columns")
        return Scan(distinct([*raw_cells(table, self.columns), *self.cells(table)]))

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        table.note_refused(cell, value, field="where", must_be_number=True)

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        return as_read(self.fitting(frame, table))

    def fitting(self, frame: Frame, table: Table) -> Frame:
        """Return the rows of a frame that fit."""
        if not self.conditions:
            return frame
        pairs = zip(self.conditions, self.cells(table), strict=True)
        return frame.filter(reduce(and_, [each.expression(cell) for each, cell in pairs]))

    def cells(self, table: Table) -> list[Cell]:
        """Return what is read of the columns that conditions name."""
        return [each.cell(table, f"where.{number}") for number, each in enumerate(self.conditions)]
