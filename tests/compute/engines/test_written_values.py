"""What the formats cannot hold is refused, never changed; what they hold, everyone can read."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import BrokenFile, UnwritableValue
from tests.compute.engines.arrow_types import COLUMNS
from tests.compute.tables import read_table, result, run

ENGINES, OUTPUTS = ("duckdb", "pandas"), ("csv", "json", "jsonl", "xml", "parquet")
every_engine = pytest.mark.parametrize("engine", ENGINES)
every_output = pytest.mark.parametrize("output", OUTPUTS)


@every_engine
@every_output
def test_nan_is_missing_in_every_format_and_infinity_is_never_changed(engine: str, output: str, tmp_path: Path) -> None:
    values = [1.5, math.nan, None, math.inf, -math.inf]
    for type_ in (pa.float32(), pa.float64()):
        path = tmp_path / f"{type_}.parquet"
        nested = pa.array([None if value is None else [value] for value in values], pa.list_(type_))
        pq.write_table(pa.table({"k": range(5), "x": pa.array(values, type_), "n": nested}), path)
        for column in ("x", "n"):
            keys = {"by": [column], "aggregations": {"k": ["sum"]}}
            if output in ("json", "jsonl") or column == "n":
                with pytest.raises(UnwritableValue, match=f"'{column}' holds -?inf, which .* cannot hold"):
                    run(path, "group_by", engine=engine, output_format=output, **keys)
                continue
            rows = result(path, "group_by", engine=engine, output_format=output, **keys)
            assert [(row["x"] and float(row["x"]), int(row["k_sum"])) for row in rows] == [
                (-math.inf, 4), (1.5, 0), (math.inf, 3), (None, 3),
            ]  # fmt: skip


@every_engine
@pytest.mark.parametrize("output", ["csv", "json", "jsonl", "xml"])
def test_nan_is_copied_as_nothing_into_text(engine: str, output: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"k": ["a", "b"], "x": [math.nan, 1.5], "n": [[math.nan, 0.5], []]}), path)

    copied = run(path, "non_null", engine=engine, columns=["k"], output_format=output)[1]
    again = copied.rename(tmp_path / copied.name)

    nested = [[None, 0.5], []] if "json" in output else ["[null,0.5]", "[]"]
    assert [row["x"] and float(row["x"]) for row in read_table(again)] == [None, 1.5]
    assert [row["n"] for row in read_table(again)] == nested
    assert run(again, "non_null", engine=engine, columns=["x"])[0].rows_out == 1
    assert float(result(again, "stats", engine=engine, columns=["x"])[0]["max"]) == 1.5


@every_engine
@pytest.mark.parametrize("output", ["csv", "tsv", "xml"])
def test_a_nul_is_written_only_where_a_format_has_it(engine: str, output: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"a": 1, "x": "b\\u0000c"}]')

    with (
        pytest.raises(UnwritableValue, match=r"U\+0000")
        if output != "xml"
        else pytest.raises(BrokenFile, match=r"U\+0000")
    ):
        run(path, "non_null", engine=engine, columns=["a"], output_format=output)
    assert result(path, "non_null", engine=engine, columns=["a"], output_format="parquet")[0]["x"] == "b\0c"


@every_engine
def test_int96_keeps_late_years_and_an_index_of_pandas_is_a_column(engine: str, tmp_path: Path) -> None:
    path, moment = tmp_path / "t.parquet", dt.datetime(9999, 1, 1)  # noqa: DTZ001 - int96 has no zone
    frame = pd.DataFrame({"x": ["a"]}, index=pd.Index([7], name="number"))
    table = pa.Table.from_pandas(frame).append_column("t", pa.array([moment], pa.timestamp("us")))
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)

    row = result(path, "non_null", engine=engine, columns=["x"])[0]

    assert row == {"x": "a", "number": 7, "t": moment}


@every_engine
@pytest.mark.parametrize("is_nested", [False, True], ids=["alone", "in a list"])
def test_decimals_of_more_digits_than_any_engine_keeps_are_refused(
    engine: str, is_nested: bool, tmp_path: Path
) -> None:
    type_, value = pa.decimal256(76, 3), Decimal("1.5")
    array = pa.array([[value]], pa.list_(type_)) if is_nested else pa.array([value], type_)
    pq.write_table(pa.table({"k": ["a"], "x": array}), tmp_path / "t.parquet")

    with pytest.raises(BrokenFile, match="'x' holds decimals of more than 38 digits"):
        run(tmp_path / "t.parquet", "non_null", engine=engine, columns=["k"])


READERS: dict[str, Callable[[Path], dict[str, list[Any]]]] = {
    "pandas": lambda path: {
        str(name): values.tolist() for name, values in pd.read_parquet(path, dtype_backend="pyarrow").items()
    },
    "polars": lambda path: pl.read_parquet(path).to_dict(as_series=False),
    "duckdb": lambda path: duckdb.read_parquet(str(path)).arrow().read_all().to_pydict(),
}


@every_engine
@pytest.mark.parametrize("reader", READERS)
def test_parquet_is_read_by_everyone(engine: str, reader: str, tmp_path: Path) -> None:
    table, columns = tmp_path / "t.parquet", {name: column.array for name, column in COLUMNS.items()}
    pq.write_table(pa.table(columns | {"k": ["a"] * len(columns["bool"])}), table)
    path = run(table, "non_null", engine=engine, columns=["k"])[1]

    found = READERS[reader](path)

    for name, values in pq.read_table(path).to_pydict().items():
        if COLUMNS.get(name, COLUMNS["bool"]).compares and name != "uuid":  # which each has a form of its own for
            assert [_python(value) for value in found[name]] == [_python(value) for value in values], name


def _python(value: Any) -> Any:
    return None if value is None or value is pd.NA or value is pd.NaT else value
