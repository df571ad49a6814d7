"""Interface of an operation. Each is written once, with narwhals' lazy expressions, and run by every engine.

An operation says which columns it needs and as what (`cells`), and turns the frame of these cells into the result.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import narwhals as nw

from compute.operations.cell_types import MELTED_LEAST, MELTED_NUMBER, Cell, CellType, Table

Frame = nw.LazyFrame[Any]

# Names of columns that a frame may have beside its cells.
ROW = ":row"  # the row's number, in file order
LINE = " "  # the row as it stands in the file, in the place of all RAW cells; no file's column has a blank name
POSITION = ":position"  # in a melted frame, which of the melted columns the row is of


@dataclass(frozen=True)
class Scan:
    """What an engine must read: cells of each row and, with `rows`, the row number as ROW.

    With `melted`, each row comes once for each of these columns, beside its cells: POSITION, MELTED_NUMBER, MELTED_LEAST,
    MELTED_GREATEST.
    """

    cells: Sequence[Cell]
    rows: bool = False
    melted: Sequence[str] = ()

    @property
    def columns(self) -> dict[str, set[CellType]]:
        """Return the columns that are read, each with the kinds that it is read as."""
        kinds: dict[str, set[CellType]] = {}
        for cell in self.cells:
            kinds.setdefault(cell.column, set()).add(cell.kind)
        for column in self.melted:
            kinds.setdefault(column, set()).update((MELTED_NUMBER.kind, MELTED_LEAST.kind))
        return kinds


@dataclass(frozen=True)
class Result:
    """Result of an operation: a frame, the cells of the file that some of its columns hold, and how many rows not to write."""

    frame: Frame
    cells: Mapping[str, Cell] = field(default_factory=dict)
    skipped: int = 0  # of the first rows


SmallTable = Callable[[Mapping[str, Sequence[Any]]], Frame]  # makes a frame of an engine's from a few values


class Operation(Protocol):
    """An operation on a file."""

    @property
    def reads_all(self) -> bool:
        """Return whether the result depends on the whole file."""

    @property
    def most_rows(self) -> int | None:
        """Return how many rows are enough, where not all of them are needed."""

    def scan(self, table: Table) -> Scan:
        """Return what to read of a file; raise UnknownColumn, NotNumeric, NotComparable."""

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        """Take note in `table` that a cell's column holds `value`; raise NotNumeric or MixedColumn where that is the end."""

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        """Return the result."""


def finite(expression: nw.Expr) -> nw.Expr:
    """Return a double, null where it is not finite."""
    number = expression.cast(nw.Float64)
    return nw.when(number.is_finite()).then(number)


def keys_of(columns: Sequence[str]) -> list[Cell]:
    """Return the cells to group by."""
    return [Cell(column, CellType.KEY) for column in columns]


def distinct(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells in their order, each once."""
    return list(dict.fromkeys(cells))
