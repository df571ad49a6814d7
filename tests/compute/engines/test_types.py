"""Every type of Arrow x operation x output format x engine: what comes out is what Python says of the same values."""

import json
import math
import statistics
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import NotComparable, NotNumeric
from tests.compute.engines.arrow_types import COLUMNS, Column
from tests.compute.tables import read_table, run

ENGINES, OUTPUTS = ("duckdb", "pandas"), ("csv", "json", "jsonl", "xml", "parquet")
ROWS = len(COLUMNS["bool"].values)
GROUP = "one group"
COUNTS, MOMENTS = ["count", "n_unique"], ["sum", "mean", "median", "std", "var"]
every_engine = pytest.mark.parametrize("engine", ENGINES)
every_output = pytest.mark.parametrize("output", OUTPUTS)
every_type = pytest.mark.parametrize("type_", COLUMNS)
pytestmark = pytest.mark.xdist_group("types")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a column of each type, and one that is the same in all rows."""
    path = tmp_path_factory.mktemp("types") / "t.parquet"
    pq.write_table(pa.table({name: column.array for name, column in COLUMNS.items()} | {GROUP: ["a"] * ROWS}), path)
    return path


@pytest.fixture(scope="module")
def rows_of(table: Path) -> Callable[..., list[dict[str, Any]]]:
    """Return the rows of a result; each is computed once."""

    @cache
    def rows(engine: str, operation: str, output: str, asked: str) -> list[dict[str, Any]]:
        written = run(table, operation, engine=engine, output_format=output, **json.loads(asked))[1]
        if output in ("json", "jsonl"):
            check_strict_json(written, output)
        return read_table(written)

    return lambda engine, operation, output, **asked: rows(engine, operation, output, json.dumps(asked))


def check_strict_json(path: Path, output: str) -> None:
    """Fail for NaN and Infinity, which no JSON has."""
    for text in [path.read_text()] if output == "json" else path.read_text().splitlines():
        json.loads(text, parse_constant=pytest.fail)


def written(column: Column, value: Any, output: str) -> Any:
    """What a value is in a format."""
    if value is None or output == "parquet":
        return value
    if output in ("json", "jsonl"):
        return column.json(value)
    return column.text(value) or None  # blank text is a missing value


def is_missing(value: Any) -> bool:
    return value is None or value == ""


def comparable(column: Column, value: Any) -> Any:
    """What a value is found equal and ordered by."""
    if not column.compares:
        return column.text(value)
    return (Decimal(value), value) if isinstance(value, str) and column.sums else value


def there(column: Column) -> list[Any]:
    return [value for value in column.values if not is_missing(value)]


@every_engine
@every_output
def test_what_is_copied_is_what_was_there(engine: str, output: str, rows_of: Callable[..., Any]) -> None:
    rows = rows_of(engine, "non_null", output, columns=[GROUP])

    for name, column in COLUMNS.items():
        expected = [written(column, value, output) for value in column.values]
        assert [row[name] for row in rows] == expected, name


@every_engine
@every_output
@every_type
def test_keys_are_the_distinct_values_in_order(
    engine: str, output: str, type_: str, rows_of: Callable[..., Any]
) -> None:
    column = COLUMNS[type_]
    distinct = {_key(column, value): value for value in reversed(there(column))}
    as_text = not column.compares and output not in ("json", "jsonl")

    rows = rows_of(engine, "group_by", output, by=[type_])

    keys = [distinct[key] for key in sorted(distinct)]
    expected = [column.text(key) if as_text else written(column, key, output) for key in keys]
    expected += [None] if len(there(column)) < ROWS else []
    assert [row[type_] for row in rows] == expected
    assert sum(int(row["count"]) for row in rows) == ROWS


def _key(column: Column, value: Any) -> Any:
    """Keys are by what is written: 1 and 1.0 are two in text."""
    return value if column.compares else column.text(value)


AS_CELLS: dict[str, Callable[[list[Any], Column], Any]] = {
    "min": lambda values, column: min(values, key=lambda value: comparable(column, value), default=None),
    "max": lambda values, column: max(values, key=lambda value: comparable(column, value), default=None),
}


@every_engine
@every_output
def test_first_last_min_and_max_are_cells_of_the_file(engine: str, output: str, rows_of: Callable[..., Any]) -> None:
    aggregations = {name: ["first", "last", *(["min", "max"] if c.compares else [])] for name, c in COLUMNS.items()}

    (row,) = rows_of(engine, "group_by", output, by=[GROUP], aggregations=aggregations)

    for name, column in COLUMNS.items():
        first = None if is_missing(column.values[0]) else column.values[0]
        assert (row[f"{name}_first"], row[f"{name}_last"]) == (written(column, first, output), None), name
        for each in aggregations[name][2:]:
            expected = AS_CELLS[each](there(column), column)
            assert row[f"{name}_{each}"] == written(column, expected, output), (name, each)


@every_engine
@every_output
def test_counts_and_sums_are_those_of_python(engine: str, output: str, rows_of: Callable[..., Any]) -> None:
    for names in batched(COLUMNS, 10):
        asked = {name: [*COUNTS, *(MOMENTS if COLUMNS[name].sums else [])] for name in names}
        (row,) = rows_of(engine, "group_by", output, by=[GROUP], aggregations=asked)
        for name in names:
            column, values = COLUMNS[name], there(COLUMNS[name])
            unique = {_key(column, value) for value in values}
            assert [int(row[f"{name}_{each}"]) for each in COUNTS] == [len(values), len(unique)], name
            for each in asked[name][2:]:
                is_exact = each == "mean" and isinstance(values[0], int | Decimal)  # of an exact sum
                expected = float(statistics.mean(values)) if is_exact else _computed(values)[each]
                _assert_close(row[f"{name}_{each}"], expected, (name, each))


def batched(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield the names, so many at a time: each distinct count takes DuckDB some megabytes."""
    rest = iter(names)
    while batch := list(islice(rest, size)):
        yield batch


def _computed(values: list[Any]) -> dict[str, float | None]:
    doubles = [float(value) for value in values]
    try:
        variance = float(statistics.variance(doubles))
    except OverflowError:
        variance = math.inf
    found = {
        "sum": float(sum(values)) if isinstance(values[0], int) else math.fsum(doubles),
        "mean": statistics.fmean(doubles),
        "median": statistics.median(doubles),
        "var": variance,
        "std": math.sqrt(variance),
    }
    return {name: value if math.isfinite(value) else None for name, value in found.items()}


def _assert_close(given: Any, expected: float | None, what: Any) -> None:
    assert (given is None) == (expected is None), what
    if expected is not None:
        assert float(given) == pytest.approx(expected, rel=1e-9), what


@every_engine
@every_output
@pytest.mark.parametrize("type_", [name for name, column in COLUMNS.items() if column.sums])
def test_stats_are_those_of_python(engine: str, output: str, type_: str, rows_of: Callable[..., Any]) -> None:
    column, values = COLUMNS[type_], there(COLUMNS[type_])

    (row,) = rows_of(engine, "stats", output, columns=[type_])

    assert [int(row["count"]), int(row["nulls"])] == [len(values), ROWS - len(values)]
    for name, each in {"mean": "mean", "variance": "var", "standard_deviation": "std"}.items():
        _assert_close(row[name], _computed(values)[each], name)
    for each in ("min", "max"):
        assert row[each] == written(column, AS_CELLS[each](values, column), output), each


@every_engine
@every_type
def test_what_is_no_number_or_has_no_order_is_refused_by_its_type(engine: str, type_: str, table: Path) -> None:
    column = COLUMNS[type_]
    if not column.sums and type_ != "null":
        with pytest.raises(NotNumeric, match="is not numeric"):
            run(table, "stats", engine=engine, columns=[type_])
        with pytest.raises(NotNumeric, match="is not numeric"):
            run(table, "group_by", engine=engine, by=[GROUP], aggregations={type_: ["sum"]})
    if not column.compares:
        with pytest.raises(NotComparable, match="no least or greatest"):
            run(table, "group_by", engine=engine, by=[GROUP], aggregations={type_: ["min"]})
