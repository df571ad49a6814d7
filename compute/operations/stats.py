"""stats: figures of each numeric column."""

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw

from compute.files.errors import check_distinct
from compute.files.twins import own_name
from compute.operations.arrangement import AS_COMPUTED, Arrangement
from compute.operations.base import POSITION, Frame, Result, Scan, SmallTable, finite, keys_of
from compute.operations.cell_types import MELTED_GREATEST, MELTED_LEAST, MELTED_NUMBER, Cell, Reading, Table

MILLION, MOST_MILLIONTHS = 1e6, 1e15  # so many digits are in one double only
PART = 2.0**26
STATS_OUTPUT = ("column", "count", "nulls", "mean", "variance", "standard_deviation", "min", "max")


@dataclass(frozen=True)
class Stats:
    """A row for each of `columns` and each combination of `by`: count, mean, sample variance and deviation, range.

    Of a melted frame, since a query of many columns takes an engine longer to plan than to run.
    """

    columns: Sequence[str]
    by: Sequence[str] = ()
    arrangement: Arrangement = AS_COMPUTED
    reads_all = True
    most_rows = None

    def scan(self, table: Table) -> Scan:
        table.check_known(self.columns, "columns")
        table.check_known(self.by, "by")
        check_distinct([*self.by, *STATS_OUTPUT])
        self.arrangement.check([*self.by, *STATS_OUTPUT])
        for column in self.columns:
            table.number_of(column, "columns")
            table.found[column] = Reading.NUMBER
        return Scan(keys_of(self.by), melted=self.columns)

    def refuse(self, table: Table, cell: Cell, value: str) -> None:
        table.note_refused(cell, value, field="columns", must_be_number=True)

    def apply(self, frame: Frame, table: Table, small_table: SmallTable) -> Result:
        number = MELTED_NUMBER.expression
        keys = keys_of(self.by)
        names = [key.name for key in keys]
        ends = {
            "min": number.min(),
            "max": number.max(),
        }  # of the numbers, to sort by: the cells are texts to some engines
        sorted_by = {each.column: f"number:{each.column}" for each in self.arrangement.orders if each.column in ends}
        found = (
            _with_millionths(frame)
            .group_by([*names, POSITION])
            .agg(
                nw.len().alias("rows"),
                number.count().alias("count"),
                number.mean().alias("mean"),
                nw.col("high").count().alias("decimals"),
                nw.col("high", "low").sum(),
                number.var(ddof=1).alias("variance"),
                MELTED_LEAST.expression.min().alias("min"),
                MELTED_GREATEST.expression.max().alias("max"),
                *(ends[name].alias(inner) for name, inner in sorted_by.items()),
            )
        )
        columns = small_table({POSITION: range(len(self.columns)), "column": list(map(own_name, self.columns))})
        # Without `by`, a column is told of in a file without rows, too.
        long = found.join(columns, on=POSITION) if keys else columns.join(found, on=POSITION, how="left")
        count, variance = nw.col("count").fill_null(0).cast(nw.Int64), nw.col("variance")
        result = long.sort([*names, POSITION], nulls_last=True).select(
            *(key.expression.alias(key.name) for key in keys),
            "column",
            count.alias("count"),
            (nw.col("rows").fill_null(0).cast(nw.Int64) - count).alias("nulls"),
            finite(_mean()).alias("mean"),
            finite(variance).alias("variance"),
            finite(variance.sqrt()).alias("standard_deviation"),
            "min",
            "max",
            *sorted_by.values(),
        )
        outputs = {key.column: key.name for key in keys} | {name: name for name in STATS_OUTPUT}
        arranged = self.arrangement.apply(result, outputs | sorted_by, [*names, "column"]).select(
            # Only now: Spark reads a dot or ` in the name of a column as more than that.
            *(nw.col(inner).alias(name) for name, inner in outputs.items())
        )
        return Result(arranged, {key.column: key for key in keys} | {"min": MELTED_LEAST, "max": MELTED_GREATEST})


def _with_millionths(frame: Frame) -> Frame:
    """Beside a number, how many millionths it is, if it is a whole number of them, as text mostly is.

    In two parts: doubles sum them up without rounding, so the mean of 0.1, 0.2 and -0.3 is 0.
    """
    number = MELTED_NUMBER.expression
    millionths = (number * MILLION).round()
    high = (millionths / PART).round()
    is_decimal = (millionths / MILLION == number) & (millionths.abs() < MOST_MILLIONTHS)
    return frame.with_columns(
        nw.when(is_decimal).then(high).alias("high"), nw.when(is_decimal).then(millionths - high * PART).alias("low")
    )


def _mean() -> nw.Expr:
    """The mean of a group's decimals, if all its numbers are some; else that of the doubles."""
    count, millionths = nw.col("count"), nw.col("high") * PART + nw.col("low")
    are_decimals = (count > 0) & (nw.col("decimals") == count)
    return nw.when(are_decimals).then(millionths / (count * MILLION)).otherwise(nw.col("mean"))
