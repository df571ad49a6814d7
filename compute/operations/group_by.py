"""group_by: one row for each distinct combination of values, with aggregations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import narwhals as nw

from compute.files.errors import check_distinct
from compute.operations.arrangement import AS_COMPUTED, Arrangement
from compute.operations.base import ROW, Frame, Result, Scan, SmallTable, distinct, finite, keys_of
from compute.operations.cell_types import Cell, CellType, Table, inner_name


class Aggregation(StrEnum):
    """Aggregations of group_by."""

    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    N_UNIQUE = "n_unique"
    MEDIAN = "median"
    P01 = "p01"
    P05 = "p05"
    P10 = "p10"
    P25 = "p25"
    P75 = "p75"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"
    STD = "std"
    VAR = "var"
    FIRST = "first"
    LAST = "last"


QUANTILES = {  # as shares of the values; between two of them, on the line from one to the other
    Aggregation.MEDIAN: 0.5,
    **{each: int(each[1:]) / 100 for each in Aggregation if each[1:].isdigit()},
}
NEED_NUMBERS = frozenset({Aggregation.SUM, Aggregation.MEAN, Aggregation.STD, Aggregation.VAR, *QUANTILES})
ZERO_OF_NONE = frozenset({Aggregation.SUM, Aggregation.COUNT, Aggregation.N_UNIQUE})
NEED_COUNT = frozenset({Aggregation.N_UNIQUE, Aggregation.MEAN, *QUANTILES})
GIVE_CELLS = frozenset({Aggregation.MIN, Aggregation.MAX, Aggregation.FIRST, Aggregation.LAST})
_EXPRESSIONS: dict[Aggregation, Callable[[nw.Expr], nw.Expr]] = {
    Aggregation.SUM: lambda cell: cell.sum(),
    Aggregation.MEAN: lambda cell: cell.mean(),
    Aggregation.MIN: lambda cell: cell.min(),
    Aggregation.MAX: lambda cell: cell.max(),
    Aggregation.COUNT: lambda cell: cell.count(),
    Aggregation.N_UNIQUE: lambda cell: cell.n_unique(),
    Aggregation.STD: lambda cell: cell.std(ddof=1),
    Aggregation.VAR: lambda cell: cell.var(ddof=1),
    Aggregation.FIRST: lambda cell: cell.first(order_by=ROW),
    Aggregation.LAST: lambda cell: cell.last(order_by=ROW),
    **{each: partial(nw.Expr.quantile, quantile=share, interpolation="linear") for each, share in QUANTILES.items()},
}
_ON_SPARK: dict[Aggregation, Callable[[nw.Expr], nw.Expr]] = {  # whose frames have no first and last in narwhals
    Aggregation.FIRST: lambda cell: nw.struct(row=ROW, cell=cell).min().struct.field("cell"),
    Aggregation.LAST: lambda cell: nw.struct(row=ROW, cell=cell).max().struct.field("cell"),
}
WHOLE = ":whole"  # the key of a frame that is one group


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

    @property
    def is_exact(self) -> bool:
        """Return whether it is computed of what can be summed without rounding."""
        return self.cell.kind in (CellType.WHOLE, CellType.EXACT)

    @property
    def part(self) -> str:
        """What the frame calls each value's part in a quantile."""
        return inner_name("part", self.name)

    def aggregated(self, frame: Frame) -> nw.Expr:
        """Return the expression of the values of each group of a frame."""
        if frame.implementation.is_duckdb() and self.aggregation in QUANTILES:
            return nw.col(self.part).sum()
        if self.aggregation == Aggregation.MEAN and self.is_exact:
            return self.cell.expression.sum()
        expressions = _EXPRESSIONS | (_ON_SPARK if frame.implementation.is_spark_like() else {})
        return expressions[self.aggregation](self.cell.expression)

    def finished(self) -> nw.Expr:
        """The engines' results made the same: n_unique without null, integers of 64 bits, null for what no double can hold."""
        result = nw.col(self.inner_name)
        if self.aggregation == Aggregation.N_UNIQUE:
            has_null = nw.col(f"there:{self.cell.name}") < nw.col("rows")
            result = nw.when(has_null).then(result - 1).otherwise(result).cast(nw.Int64)
        elif self.aggregation == Aggregation.MEAN and self.is_exact:
            count = nw.col(f"there:{self.cell.name}")
            result = nw.when(count > 0).then(result.cast(nw.Float64) / count)
        elif self.aggregation == Aggregation.COUNT or self.cell.kind == CellType.WHOLE:
            result = result.cast(nw.Int64)
        elif self.aggregation in QUANTILES:
            result = nw.when(nw.col(f"there:{self.cell.name}") > 0).then(result)
        elif self.aggregation in NEED_NUMBERS and not self.is_exact:
            result = finite(result)
        return result.alias(self.name)


@dataclass(frozen=True)
class GroupBy:
    """One row for each distinct combination of `by` (null is a value), in order; without aggregations, its `count`.

    Without `by`, one row of all rows, even where there are none.
    """

    by: Sequence[str]
    aggregations: Mapping[str, Sequence[Aggregation]]
    arrangement: Arrangement = AS_COMPUTED
    reads_all = True
    most_rows = None

    def scan(self, table: Table) -> Scan:
        table.check_known(self.by, "by")
        table.check_known(self.aggregations, "aggregations")
        outputs = list(self._outputs(table))
        names = [*self.by, *(each.name for each in outputs), *self._default_output()]
        check_distinct(names)
        not_compared = {each.name for each in outputs if each.aggregation in (Aggregation.FIRST, Aggregation.LAST)}
        self.arrangement.check([name for name in names if name not in not_compared])
        needs_rows = any({Aggregation.FIRST, Aggregation.LAST} & set(asked) for asked in self.aggregations.values())
        return Scan(distinct([*keys_of(self.by), *(each.cell for each in outputs)]), rows=needs_rows)

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        must_be_number = bool(NEED_NUMBERS & set(self.aggregations[cell.column]))
        table.note_refused(cell, value, field=f"aggregations.{cell.column}", must_be_number=must_be_number)

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        outputs, keys = list(self._outputs(table)), keys_of(self.by)
        keyed = [key.name for key in keys] or [WHOLE]
        if not keys:
            frame = frame.with_columns(nw.lit(0).alias(WHOLE))
        if frame.implementation.is_duckdb() and any(each.aggregation in QUANTILES for each in outputs):
            frame = _with_quantile_parts(frame, keyed, outputs)
        counted = [each.cell for each in outputs if each.aggregation in NEED_COUNT]
        grouped = frame.group_by(keyed).agg(
            nw.len().alias("rows"),
            *(each.aggregated(frame).alias(each.inner_name) for each in outputs),
            *(cell.expression.count().alias(f"there:{cell.name}") for cell in distinct(counted)),
        )
        if not keys:
            grouped = _one_row(grouped, outputs, small_table)
        finished = grouped.sort(keyed, nulls_last=True).select(
            *(key.expression.alias(key.name) for key in keys),
            *(each.finished().alias(each.inner_name) for each in outputs),
            *(nw.col("rows").cast(nw.Int64).alias(name) for name in self._default_output()),
        )
        cells = {each.name: each.cell for each in outputs if each.aggregation in GIVE_CELLS}
        names = {key.column: key.name for key in keys} | {each.name: each.inner_name for each in outputs}
        names |= {name: name for name in self._default_output()}
        arranged = self.arrangement.apply(finished, names, [key.name for key in keys]).select(
            # Only now: Spark reads a dot or ` in the name of a column as more than that.
            *(nw.col(inner).alias(name) for name, inner in names.items())
        )
        return Result(arranged, {key.column: key for key in keys} | cells)

    def _default_output(self) -> list[str]:
        return [] if self.aggregations else ["count"]

    def _outputs(self, table: Table) -> Iterator[Output]:
        for column, asked in self.aggregations.items():
            for aggregation in asked:
                yield Output(f"{column}_{aggregation}", aggregation, _cell_for(aggregation, column, table))


def _one_row(grouped: Frame, outputs: Sequence[Output], small_table: SmallTable) -> Frame:
    """Return the row of all rows, also where there are none: then counts and sums are 0."""
    counts = [f"there:{each.cell.name}" for each in outputs if each.aggregation in NEED_COUNT]
    zeros = [each.inner_name for each in outputs if each.aggregation in ZERO_OF_NONE]
    if grouped.implementation.is_duckdb():  # which tells no progress in a join; the greatest of one value is that value
        one = grouped.select(nw.all().max())
    else:  # the greatest of none is no number to pandas
        one = small_table({WHOLE: [0]}).join(grouped, on=WHOLE, how="left")
    return one.with_columns(nw.col("rows", *dict.fromkeys([*counts, *zeros])).fill_null(0))


def _with_quantile_parts(frame: Frame, keys: Sequence[str], outputs: Sequence[Output]) -> Frame:
    """Add what each value gives to a quantile of its group, by its rank there: the sum is the quantile.

    DuckDB's own quantiles keep all values of each group in memory, and take seven times as long for a million groups.
    """
    parts = [each for each in outputs if each.aggregation in QUANTILES]
    for cell in distinct([each.cell for each in parts]):
        rank = cell.expression.cum_count().over(*keys, order_by=cell.name) - 1
        frame = frame.with_columns(
            rank.alias(f"rank:{cell.name}"), cell.expression.count().over(*keys).alias(f"count:{cell.name}")
        )
    return frame.with_columns(*(_quantile_part(each) for each in parts))


def _quantile_part(output: Output) -> nw.Expr:
    """A value's share in a quantile: what the quantile's place is near to its rank, from 1 there to 0 at the next."""
    place = (nw.col(f"count:{output.cell.name}") - 1) * QUANTILES[output.aggregation]
    weight = 1 - (nw.col(f"rank:{output.cell.name}") - place).abs()
    return nw.when(weight > 0).then(output.cell.expression * weight).alias(output.part)


def _cell_for(aggregation: Aggregation, column: str, table: Table) -> Cell:
    field = f"aggregations.{column}"
    match aggregation:
        case Aggregation.SUM | Aggregation.MEAN:
            return table.sum_of(column, field)
        case Aggregation.MIN | Aggregation.MAX:
            return table.ordered(column, field)
        case Aggregation.N_UNIQUE:
            return Cell(column, CellType.KEY)
        case Aggregation.COUNT | Aggregation.FIRST | Aggregation.LAST:
            return Cell(column, CellType.VALUE)
    return table.number_of(column, field)
