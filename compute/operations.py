"""The operations, each written once with narwhals' lazy expressions and run by every engine.

An operation says which columns it needs and as what (`cells`), and turns the frame of these cells into the result. Missing
values (null, empty text, NaN) are null in all cells but RAW ones, and no aggregation sees them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import unquote

import narwhals as nw

from compute.faults import NotNumeric, check_distinct, check_known

Frame = nw.LazyFrame[Any]
Hold = Callable[[Frame], Frame]

# Names of columns that a frame may have beside its cells.
ROW = ":row"  # the row's number, in file order
LINE = " "  # the row as it stands in the file, in the place of all RAW cells; no file's column has a blank name
POSITION = ":position"


class Kind(StrEnum):
    """As what a column is read."""

    RAW = "raw"  # as it stands in the file, to be copied
    VALUE = "value"  # as it stands in the file, the missing null
    WHOLE = "whole"  # a 64-bit integer
    NUMBER = "number"  # a double


@dataclass(frozen=True)
class Cell:
    """A column read as some kind; `name` is what the frame calls it."""

    column: str
    kind: Kind

    @property
    def name(self) -> str:
        return _inner(self.kind, self.column)

    @property
    def expression(self) -> nw.Expr:
        return nw.col(self.name)


def _inner(kind: str, name: str) -> str:
    """Return what a frame calls something before the end: without what Spark takes for syntax in a name."""
    return f"{kind}:" + name.replace("%", "%25").replace(".", "%2E").replace("`", "%60")


Kinds = Mapping[str, Kind]  # what the columns that are to be kept exact turned out to be; WHOLE until found otherwise


class Operation(Protocol):
    """What can be asked of a file."""

    @property
    def reads_all(self) -> bool:
        """Whether the result depends on the whole file."""

    @property
    def needs_rows(self) -> bool:
        """Whether the frame must have the column ROW."""

    def cells(self, columns: Sequence[str], kinds: Kinds) -> list[Cell]:
        """Return what to read from a file of these columns; raise UnknownColumn."""

    def widened(self, column: str, kind: Kind, value: str) -> Kind:
        """Return as what to read `column` instead of `kind`, since it holds `value`; raise NotNumeric."""

    def apply(self, frame: Frame, kinds: Kinds, hold: Hold) -> Frame:
        """Return the result. `hold` makes an engine compute a frame once that is used several times."""


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
KEPT_EXACT = frozenset({Aggregation.SUM, Aggregation.MIN, Aggregation.MAX})
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
class GroupBy:
    """One row per distinct combination of `by`, null being one value, ordered by it; without aggregations its `count`."""

    by: Sequence[str]
    aggregations: Mapping[str, Sequence[Aggregation]]
    reads_all = True

    @property
    def needs_rows(self) -> bool:
        return any({Aggregation.FIRST, Aggregation.LAST} & set(asked) for asked in self.aggregations.values())

    def cells(self, columns: Sequence[str], kinds: Kinds) -> list[Cell]:
        check_known(self.by, columns, "by")
        check_known(self.aggregations, columns, "aggregations")
        check_distinct([*self.by, *(name for name, *_ in self._outputs(kinds)), *self._default_output()])
        return _distinct([*_values(self.by), *(cell for _, cell, _ in self._outputs(kinds))])

    def widened(self, column: str, kind: Kind, value: str) -> Kind:
        if kind == Kind.WHOLE:
            return Kind.NUMBER
        if NEED_NUMBERS & set(self.aggregations[column]):
            raise NotNumeric(column, value, field=f"aggregations.{column}")
        return Kind.VALUE

    def apply(self, frame: Frame, kinds: Kinds, hold: Hold) -> Frame:
        outputs, keys = self._outputs(kinds), [cell.name for cell in _values(self.by)]
        cells = _distinct([cell for _, cell, _ in outputs])
        expressions = _EXPRESSIONS | (_ON_SPARK if frame.implementation.is_spark_like() else {})
        grouped = frame.group_by(keys).agg(
            nw.len().alias("rows"),
            *(expressions[how](cell.expression).alias(_inner("out", name)) for name, cell, how in outputs),
            *(cell.expression.count().alias(f"there:{cell.name}") for cell in cells),
        )
        return grouped.sort(keys, nulls_last=True).select(
            *(cell.expression.alias(cell.column) for cell in _values(self.by)),
            *(_finished(name, cell, aggregation) for name, cell, aggregation in outputs),
            *(nw.col("rows").cast(nw.Int64).alias(name) for name in self._default_output()),
        )

    def _default_output(self) -> list[str]:
        return [] if self.aggregations else ["count"]

    def _outputs(self, kinds: Kinds) -> list[tuple[str, Cell, Aggregation]]:
        return [
            (f"{column}_{aggregation}", Cell(column, _kind(aggregation, column, kinds)), aggregation)
            for column, asked in self.aggregations.items()
            for aggregation in asked
        ]


def _kind(aggregation: Aggregation, column: str, kinds: Kinds) -> Kind:
    if aggregation in KEPT_EXACT:
        return kinds.get(column, Kind.WHOLE)
    return Kind.NUMBER if aggregation in NEED_NUMBERS else Kind.VALUE


def _finished(name: str, cell: Cell, aggregation: Aggregation) -> nw.Expr:
    """The engines' results made the same: n_unique without null, integers of 64 bits, null for what no double can hold."""
    result, there = nw.col(_inner("out", name)), nw.col(f"there:{cell.name}")
    if aggregation == Aggregation.N_UNIQUE:
        result = nw.when(there < nw.col("rows")).then(result - 1).otherwise(result).cast(nw.Int64)
    elif aggregation == Aggregation.COUNT or (aggregation == Aggregation.SUM and cell.kind == Kind.WHOLE):
        result = result.cast(nw.Int64)
    elif cell.kind == Kind.NUMBER:
        result = _finite(result)
    return result.alias(name)


def _finite(expression: nw.Expr) -> nw.Expr:
    number = expression.cast(nw.Float64)
    return nw.when(number.is_finite()).then(number)


@dataclass(frozen=True)
class NonNull:
    """The rows in which all of `columns` have a value, whole and as they were read, in their order."""

    columns: Sequence[str]
    reads_all, needs_rows = True, False

    def cells(self, columns: Sequence[str], kinds: Kinds) -> list[Cell]:
        check_known(self.columns, columns, "columns")
        return [*(Cell(column, Kind.RAW) for column in columns), *_values(self.columns)]

    def widened(self, column: str, kind: Kind, value: str) -> Kind:
        raise AssertionError("values are taken as they are")

    def apply(self, frame: Frame, kinds: Kinds, hold: Hold) -> Frame:
        kept = frame.filter(*(~cell.expression.is_null() for cell in _values(self.columns)))
        return _as_read(kept)


@dataclass(frozen=True)
class Preview:
    """The first `rows` rows, as they were read."""

    rows: int
    reads_all = needs_rows = False

    def cells(self, columns: Sequence[str], kinds: Kinds) -> list[Cell]:
        return [Cell(column, Kind.RAW) for column in columns]

    def widened(self, column: str, kind: Kind, value: str) -> Kind:
        raise AssertionError("values are taken as they are")

    def apply(self, frame: Frame, kinds: Kinds, hold: Hold) -> Frame:
        return _as_read(frame.head(self.rows))


def _as_read(frame: Frame) -> Frame:
    names = frame.collect_schema().names()
    if LINE in names:
        return frame.select(LINE)
    names = [name for name in names if name.startswith(f"{Kind.RAW}:")]
    return frame.select(*(nw.col(name).alias(unquote(name.removeprefix(f"{Kind.RAW}:"))) for name in names))


STATISTICS: dict[str, Callable[[nw.Expr], nw.Expr]] = {
    "count": lambda cell: cell.count(),
    "mean": lambda cell: cell.mean(),
    "variance": lambda cell: cell.var(ddof=1),
    "min": lambda cell: cell.min(),
    "max": lambda cell: cell.max(),
}
STATS_OUTPUT = ("column", "count", "nulls", "mean", "variance", "standard_deviation", "min", "max")


@dataclass(frozen=True)
class Stats:
    """A row for each of `columns`, and for each combination of `by`: how many, mean, sample variance and deviation, range."""

    columns: Sequence[str]
    by: Sequence[str] = ()
    reads_all, needs_rows = True, False

    def cells(self, columns: Sequence[str], kinds: Kinds) -> list[Cell]:
        check_known(self.columns, columns, "columns")
        check_known(self.by, columns, "by")
        check_distinct([*self.by, *STATS_OUTPUT])
        return _distinct([*_values(self.by), *self._numbers()])

    def widened(self, column: str, kind: Kind, value: str) -> Kind:
        raise NotNumeric(column, value, field="columns")

    def apply(self, frame: Frame, kinds: Kinds, hold: Hold) -> Frame:
        keys = [cell.name for cell in _values(self.by)]
        wanted = [nw.len().alias("rows")] + [
            compute(cell.expression).alias(_inner(name, cell.column))
            for cell in self._numbers()
            for name, compute in STATISTICS.items()
        ]
        wide = hold(frame.group_by(keys).agg(*wanted) if keys else frame.select(*wanted))
        long = nw.concat([self._row(wide, position, column) for position, column in enumerate(self.columns)])
        by = [cell.expression.alias(cell.column) for cell in _values(self.by)]
        return long.sort([*keys, POSITION], nulls_last=True).select(*by, *STATS_OUTPUT)

    def _numbers(self) -> list[Cell]:
        return [Cell(column, Kind.NUMBER) for column in self.columns]

    def _row(self, wide: Frame, position: int, column: str) -> Frame:
        count = nw.col(_inner("count", column)).cast(nw.Int64)
        measures = {name: nw.col(_inner(name, column)) for name in STATISTICS if name != "count"}
        measures["standard_deviation"] = measures["variance"].sqrt()  # engines would compute the variance once more
        return wide.select(
            *(cell.name for cell in _values(self.by)),
            nw.lit(column).alias("column"),
            count.alias("count"),
            (nw.col("rows").cast(nw.Int64) - count).alias("nulls"),
            *(_finite(measure).alias(name) for name, measure in measures.items()),
            nw.lit(position).alias(POSITION),
        )


def _values(columns: Sequence[str]) -> list[Cell]:
    return [Cell(column, Kind.VALUE) for column in columns]


def _distinct(cells: Sequence[Cell]) -> list[Cell]:
    return list(dict.fromkeys(cells))
