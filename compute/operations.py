"""The operations, each written once with narwhals' lazy expressions and run by every engine.

An operation says which columns it needs and as what (`cells`), and turns the frame of these cells into the result.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import unquote

import narwhals as nw

from compute.cells import MELTED_LEAST, MELTED_NUMBER, Cell, CellType, Table, inner_name
from compute.faults import check_distinct

Frame = nw.LazyFrame[Any]

# Names of columns that a frame may have beside its cells.
ROW = ":row"  # the row's number, in file order
LINE = " "  # the row as it stands in the file, in the place of all RAW cells; no file's column has a blank name
POSITION = ":position"  # in a melted frame, which of the melted columns the row is of


@dataclass(frozen=True)
class Scan:
    """What an engine is to read: cells of each row; with `rows`, also the row's number as ROW.

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
    """What an operation made: a frame, and for those of its columns that hold cells of the file, which."""

    frame: Frame
    cells: Mapping[str, Cell] = field(default_factory=dict)


SmallTable = Callable[[Mapping[str, Sequence[Any]]], Frame]  # makes a frame of an engine's from a few values


class Operation(Protocol):
    """What can be asked of a file."""

    @property
    def reads_all(self) -> bool:
        """Whether the result depends on the whole file."""

    def scan(self, table: Table) -> Scan:
        """Return what to read of a file; raise UnknownColumn, NotNumeric, NotComparable."""

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        """Take note in `table` that a cell's column holds `value`; raise NotNumeric or MixedColumn where that is the end."""

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        """Return the result."""


class Aggregation(StrEnum):
    """What group_by computes of a column."""

    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    N_UNIQUE = "n_unique"
    MEDIAN = "median"
    STD = "std"
    VAR = "var"
    FIRST = "first"
    LAST = "last"


NEED_NUMBERS = frozenset({Aggregation.SUM, Aggregation.MEAN, Aggregation.MEDIAN, Aggregation.STD, Aggregation.VAR})
GIVE_CELLS = frozenset({Aggregation.MIN, Aggregation.MAX, Aggregation.FIRST, Aggregation.LAST})
_EXPRESSIONS: dict[Aggregation, Callable[[nw.Expr], nw.Expr]] = {
    Aggregation.SUM: lambda cell: cell.sum(),
    Aggregation.MEAN: lambda cell: cell.mean(),
    Aggregation.MIN: lambda cell: cell.min(),
    Aggregation.MAX: lambda cell: cell.max(),
    Aggregation.COUNT: lambda cell: cell.count(),
    Aggregation.N_UNIQUE: lambda cell: cell.n_unique(),
    Aggregation.MEDIAN: lambda cell: cell.median(),
    Aggregation.STD: lambda cell: cell.std(ddof=1),
    Aggregation.VAR: lambda cell: cell.var(ddof=1),
    Aggregation.FIRST: lambda cell: cell.first(order_by=ROW),
    Aggregation.LAST: lambda cell: cell.last(order_by=ROW),
}
_ON_SPARK: dict[Aggregation, Callable[[nw.Expr], nw.Expr]] = {  # whose frames have no first and last in narwhals
    Aggregation.FIRST: lambda cell: nw.struct(row=ROW, cell=cell).min().struct.field("cell"),
    Aggregation.LAST: lambda cell: nw.struct(row=ROW, cell=cell).max().struct.field("cell"),
}


@dataclass(frozen=True)
class Output:
    """A column of group_by's result."""

    name: str
    aggregation: Aggregation
    cell: Cell

    @property
    def inner_name(self) -> str:
        """What the frame calls it before the end."""
        return inner_name("out", self.name)

    def finished(self) -> nw.Expr:
        """The engines' results made the same: n_unique without null, integers of 64 bits, null for what no double can hold."""
        result = nw.col(self.inner_name)
        if self.aggregation == Aggregation.N_UNIQUE:
            has_null = nw.col(f"there:{self.cell.name}") < nw.col("rows")
            result = nw.when(has_null).then(result - 1).otherwise(result).cast(nw.Int64)
        elif self.aggregation == Aggregation.COUNT or self.cell.kind == CellType.WHOLE:
            result = result.cast(nw.Int64)
        elif self.aggregation in NEED_NUMBERS:
            result = finite(result)
        return result.alias(self.name)


@dataclass(frozen=True)
class GroupBy:
    """One row per distinct combination of `by`, null being one value, ordered by it; without aggregations its `count`."""

    by: Sequence[str]
    aggregations: Mapping[str, Sequence[Aggregation]]
    reads_all = True

    def scan(self, table: Table) -> Scan:
        table.check_known(self.by, "by")
        table.check_known(self.aggregations, "aggregations")
        outputs = list(self._outputs(table))
        check_distinct([*self.by, *(each.name for each in outputs), *self._default_output()])
        needs_rows = any({Aggregation.FIRST, Aggregation.LAST} & set(asked) for asked in self.aggregations.values())
        return Scan(_distinct([*keys_of(self.by), *(each.cell for each in outputs)]), rows=needs_rows)

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        must_be_number = bool(NEED_NUMBERS & set(self.aggregations[cell.column]))
        table.note_refused(cell, value, field=f"aggregations.{cell.column}", must_be_number=must_be_number)

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        outputs, keys = list(self._outputs(table)), keys_of(self.by)
        expressions = _EXPRESSIONS | (_ON_SPARK if frame.implementation.is_spark_like() else {})
        grouped = frame.group_by([key.name for key in keys]).agg(
            nw.len().alias("rows"),
            *(expressions[each.aggregation](each.cell.expression).alias(each.inner_name) for each in outputs),
            *(
                cell.expression.count().alias(f"there:{cell.name}")
                for cell in _distinct([each.cell for each in outputs if each.aggregation == Aggregation.N_UNIQUE])
            ),
        )
        finished = grouped.sort([key.name for key in keys], nulls_last=True).select(
            *(key.expression.alias(key.column) for key in keys),
            *(each.finished() for each in outputs),
            *(nw.col("rows").cast(nw.Int64).alias(name) for name in self._default_output()),
        )
        cells = {each.name: each.cell for each in outputs if each.aggregation in GIVE_CELLS}
        return Result(finished, {key.column: key for key in keys} | cells)

    def _default_output(self) -> list[str]:
        return [] if self.aggregations else ["count"]

    def _outputs(self, table: Table) -> Iterator[Output]:
        for column, asked in self.aggregations.items():
            for aggregation in asked:
                yield Output(f"{column}_{aggregation}", aggregation, _cell_for(aggregation, column, table))


def _cell_for(aggregation: Aggregation, column: str, table: Table) -> Cell:
    field = f"aggregations.{column}"
    match aggregation:
        case Aggregation.SUM:
            return table.sum_of(column, field)
        case Aggregation.MIN | Aggregation.MAX:
            return table.ordered(column, field)
        case Aggregation.N_UNIQUE:
            return Cell(column, CellType.KEY)
        case Aggregation.COUNT | Aggregation.FIRST | Aggregation.LAST:
            return Cell(column, CellType.VALUE)
    return table.number_of(column, field)


def finite(expression: nw.Expr) -> nw.Expr:
    """Return a double, null where it is not finite."""
    number = expression.cast(nw.Float64)
    return nw.when(number.is_finite()).then(number)


@dataclass(frozen=True)
class NonNull:
    """The rows in which all of `columns` have a value, whole and as they were read, in their order."""

    columns: Sequence[str]
    reads_all = True

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
    """The first `rows` rows, as they were read."""

    rows: int
    reads_all = False

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


def keys_of(columns: Sequence[str]) -> list[Cell]:
    """Return the cells to group by."""
    return [Cell(column, CellType.KEY) for column in columns]


def _distinct(cells: Sequence[Cell]) -> list[Cell]:
    return list(dict.fromkeys(cells))
