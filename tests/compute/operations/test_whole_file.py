"""group_by without `by`: one row of the whole file, the same as that of a group with all rows, on every engine."""

from pathlib import Path
from typing import Any

import pytest

from compute.operations.group_by import Aggregation
from tests.compute.tables import ENGINES, FORMATS, result, write_table

ALL = [each.value for each in Aggregation]
ROWS: list[dict[str, Any]] = [
    {"k": 1, "price": 1.5, "units": 3, "sold_on": "2024-01-05"},
    {"k": 1, "price": None, "units": 2, "sold_on": None},
    {"k": 1, "price": 2.25, "units": 2, "sold_on": "2024-01-03"},
    {"k": 1, "price": -7.125, "units": 9007199254740993, "sold_on": "2024-01-03"},
]
every_engine = pytest.mark.parametrize("engine", ENGINES)


@every_engine
@pytest.mark.parametrize("format_", FORMATS)
def test_it_is_what_a_group_of_all_rows_has(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, ROWS)
    asked = {"price": ALL, "units": ALL, "sold_on": ["min", "max", "count", "n_unique", "first", "last"]}

    (grouped,) = result(path, "group_by", engine=engine, by=["k"], aggregations=asked)
    whole = result(path, "group_by", engine=engine, by=[], aggregations=asked)

    del grouped["k"]
    assert whole == [grouped]


@every_engine
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_of_no_rows_counts_and_sums_are_0_and_the_rest_is_missing(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, ROWS)
    nothing = [{"column": "units", "op": "<", "value": 0}]

    (row,) = result(path, "group_by", engine=engine, by=[], aggregations={"price": ALL}, where=nothing)

    assert {name: float(value) for name, value in row.items() if value is not None} == {
        "price_sum": 0,
        "price_count": 0,
        "price_n_unique": 0,
    }


@every_engine
def test_a_file_without_rows_has_the_same_row(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("k,price\n")

    (row,) = result(path, "group_by", engine=engine, by=[], aggregations={"price": ["sum", "max", "median"]})

    assert (float(row["price_sum"]), row["price_max"], row["price_median"]) == (0, None, None)


@every_engine
def test_it_is_filtered_sorted_and_cut_off_as_groups_are(engine: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", ROWS)

    found = result(
        path,
        "group_by",
        engine=engine,
        by=[],
        aggregations={"units": ["sum"]},
        where=[{"column": "units", "op": "<", "value": 10}],
        sort=[{"column": "units_sum", "descending": True}],
        limit=1,
    )

    assert found == [{"units_sum": "7"}]
