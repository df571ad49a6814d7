"""where, sort and limit: the same rows on every engine, from every format."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import BrokenFile, ComputeError, IncomparableValue, NotNumeric, UnknownColumn
from tests.compute.tables import ENGINES, FORMATS, result, run, write_table

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_format = pytest.mark.parametrize("format_", FORMATS)
SALES: list[dict[str, Any]] = [
    {"id": "a", "shop": "007", "currency": "EUR", "quantity": 2, "price": 1.5},
    {"id": "b", "shop": "12", "currency": None, "quantity": None, "price": 10.0},
    {"id": "c", "shop": "007", "currency": "USD", "quantity": 3, "price": 2.25},
    {"id": "d", "shop": "12", "currency": "EUR", "quantity": 10, "price": None},
]
CONDITIONS: list[tuple[list[tuple[Any, ...]], str]] = [
    ([("price", "<", 2.25)], "a"),
    ([("price", "<=", 2.25)], "ac"),
    ([("price", "≤", 2.25)], "ac"),
    ([("price", "!=", 1.5)], "bc"),
    ([("quantity", ">", 2)], "cd"),
    ([("quantity", ">=", 10)], "d"),
    ([("shop", "=", "007")], "ac"),
    ([("shop", "=", 7)], "ac"),
    ([("shop", "in", ["007", "13"])], "ac"),
    ([("quantity", "in", [2, 10, 99])], "ad"),
    ([("currency", "!=", "EUR")], "c"),
    ([("currency", ">", "EUR")], "c"),
    ([("currency", "contains", "U")], "acd"),
    ([("currency", "contains", ".")], ""),
    ([("currency", "is_null", True)], "b"),
    ([("currency", "is_null")], "b"),
    ([("price", "is_null", False)], "abc"),
    ([("currency", "=", "EUR"), ("price", "is_null", False)], "a"),
    ([("price", ">", 1000)], ""),
]


def where(conditions: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(("column", "op", "value"), each, strict=False)) for each in conditions]


@every_engine
@every_format
def test_only_rows_that_fit_are_computed_on(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, SALES)
    for conditions, expected in CONDITIONS:
        rows = result(path, "non_null", columns=["id"], engine=engine, where=where(conditions))
        assert "".join(row["id"] for row in rows) == expected, conditions


@every_engine
@every_format
def test_every_operation_computes_on_those_rows(engine: str, format_: str, tmp_path: Path) -> None:
    path, asked = write_table(tmp_path, format_, SALES), where([("shop", "=", "007")])

    outcome, _ = run(path, "stats", columns=["price"], engine=engine, where=asked)
    (stats,) = result(path, "stats", columns=["price"], engine=engine, where=asked)
    (group,) = result(path, "group_by", by=["shop"], aggregations={"price": ["max"]}, engine=engine, where=asked)

    assert (float(stats["mean"]), int(stats["count"]), int(stats["nulls"])) == (1.875, 2, 0)
    assert (group["shop"], float(group["price_max"])) == ("007", 2.25)
    assert outcome.rows_in == len(SALES)


@every_engine
@every_format
def test_where_no_row_fits_there_is_nothing(engine: str, format_: str, tmp_path: Path) -> None:
    path, asked = write_table(tmp_path, format_, SALES), where([("price", ">", 1000)])
    assert result(path, "group_by", by=["shop"], engine=engine, where=asked) == []
    (stats,) = result(path, "stats", columns=["price"], engine=engine, where=asked)
    assert (int(stats["count"]), stats["mean"]) == (0, None)


@every_engine
def test_what_is_left_out_need_not_be_a_number(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("kind,x\nnumber,1\nword,abc\nnumber,2\n")
    (stats,) = result(path, "stats", columns=["x"], engine=engine, where=where([("kind", "=", "number")]))
    assert float(stats["mean"]) == 1.5


@every_engine
def test_typed_columns_are_compared_by_their_text_and_booleans_as_such(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    days = [date(2026, 1, 1), date(2026, 2, 1), None]
    table = {"id": ["a", "b", "c"], "day": days, "ok": [True, False, None], "n": [2**60, 2**60 + 1, None]}
    pq.write_table(pa.table(table), path)
    for condition, expected in (
        (("day", ">=", "2026-01-15"), "b"),
        (("day", "=", "2026-01-01"), "a"),
        (("ok", "=", True), "a"),
        (("ok", "=", False), "b"),
        (("n", "=", str(2**60 + 1)), "b"),
    ):
        rows = result(path, "non_null", columns=["id"], engine=engine, where=where([condition]))
        assert "".join(row["id"] for row in rows) == expected, condition


@pytest.mark.parametrize(
    ("condition", "error", "told"),
    [
        (("nowhere", "=", 1), UnknownColumn, "nowhere"),
        (("currency", ">", 1), NotNumeric, "it holds 'EUR'"),
        (("price", "=", 2**53), IncomparableValue, "send it as a text"),
        (("shop", "=", True), IncomparableValue, "only a column of booleans"),
    ],
)
def test_what_cannot_be_compared_is_said(condition: Any, error: type[ComputeError], told: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", SALES)
    with pytest.raises(error, match=told):
        run(path, "non_null", columns=["id"], where=where([condition]))


@every_engine
@every_format
def test_groups_are_sorted_by_what_was_computed_and_then_by_their_keys(
    engine: str, format_: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path, format_, SALES)
    asked = {"by": ["currency"], "aggregations": {"quantity": ["sum", "min"]}, "engine": engine}

    def currencies(*orders: dict[str, Any], **more: Any) -> list[Any]:
        return [row["currency"] for row in result(path, "group_by", sort=list(orders), **more, **asked)]

    assert currencies({"column": "quantity_sum", "descending": True}) == ["EUR", "USD", None]
    assert currencies({"column": "quantity_sum"}) == [None, "USD", "EUR"]
    assert currencies({"column": "quantity_min", "descending": True}) == ["USD", "EUR", None]
    assert currencies({"column": "currency", "descending": True}, limit=1) == ["USD"]
    assert currencies(limit=2) == ["EUR", "USD"]


@every_engine
@every_format
def test_whole_rows_are_sorted_by_value_the_missing_last(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, SALES)

    def ids(*orders: dict[str, Any], **more: Any) -> str:
        rows = result(path, "non_null", columns=["id"], engine=engine, sort=list(orders), **more)
        return "".join(row["id"] for row in rows)

    assert ids({"column": "quantity"}) == "acdb"
    assert ids({"column": "quantity", "descending": True}) == "dcab"
    assert ids({"column": "shop", "descending": True}, {"column": "price"}) == "bdac"
    assert ids({"column": "shop"}, limit=3) == "acb"
    assert ids(limit=2) == "ab"


@every_engine
def test_stats_are_sorted_and_limited(engine: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", SALES)
    rows = result(
        path,
        "stats",
        columns=["price", "quantity"],
        engine=engine,
        sort=[{"column": "mean", "descending": True}],
        limit=1,
    )
    assert [row["column"] for row in rows] == ["quantity"]


@every_engine
@every_format
@pytest.mark.parametrize(("column", "first"), [("min", "b"), ("max", "b")])
def test_stats_are_sorted_by_number(engine: str, format_: str, column: str, first: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, [{"a": 100, "b": 9}, {"a": 300, "b": 7}])
    asked: dict[str, Any] = {"columns": ["a", "b"], "engine": engine}
    up = result(path, "stats", sort=[{"column": column}], **asked)
    down = result(path, "stats", sort=[{"column": column, "descending": True}], limit=1, **asked)
    assert [row["column"] for row in up] == [first, "a"]
    assert [row["column"] for row in down] == ["a"]
    assert list(up[0]) == ["column", "count", "nulls", "mean", "variance", "standard_deviation", "min", "max"]


@every_engine
@pytest.mark.parametrize("numbers", [True, False])
def test_in_takes_a_thousand_values(engine: str, tmp_path: Path, *, numbers: bool) -> None:
    path = write_table(tmp_path, "csv", SALES)
    values: list[Any] = [float(n) for n in range(1000)] if numbers else ["007", *(f"x{n}" for n in range(999))]
    rows = result(path, "non_null", columns=["id"], engine=engine, where=where([("shop", "in", values)]))
    assert "".join(row["id"] for row in rows) == ("abcd" if numbers else "ac")


@every_engine
def test_floats_are_compared_with_numbers_of_any_size(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "f": [1e15, 1e17]}), path)
    rows = result(path, "non_null", columns=["id"], engine=engine, where=where([("f", ">", 10**16)]))
    assert [row["id"] for row in rows] == ["b"]


@every_engine
def test_a_limit_ends_neither_the_count_nor_the_check_of_the_rest(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "1,2\n" * 300_000)
    outcome, _ = run(path, "non_null", columns=["a"], engine=engine, limit=1)
    assert (outcome.rows_in, outcome.rows_out) == (300_000, 1)
    with path.open("a") as file:
        file.write("1,2,3\n")
    with pytest.raises(BrokenFile, match="line 300002"):
        run(path, "non_null", columns=["a"], engine=engine, limit=1)


@every_engine
def test_what_has_no_order_in_the_result_is_told_with_what_has(engine: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", SALES)
    with pytest.raises(UnknownColumn, match="cannot be sorted by 'id_first', but by: shop"):
        run(path, "group_by", by=["shop"], aggregations={"id": ["first"]}, sort=[{"column": "id_first"}], engine=engine)


def test_a_column_that_the_result_has_not_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", SALES)
    with pytest.raises(UnknownColumn, match="price_sum"):
        run(path, "group_by", by=["shop"], aggregations={"price": ["mean"]}, sort=[{"column": "price_sum"}])
