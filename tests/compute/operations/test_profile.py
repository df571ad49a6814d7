"""profile: what each column holds, the same on every engine and from every format."""

import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import UnknownColumn
from compute.operations.profile import BINS
from tests.compute.tables import ENGINES, FORMATS, result, run, write_table

every_engine = pytest.mark.parametrize("engine", ENGINES)
SALES: list[dict[str, Any]] = [
    {"shop": "Nice", "price": price, "note": note}
    for price, note in [(1.5, "x"), (2.5, None), (None, "12"), (11.5, "x"), (2.5, "y")]
]


def profile(path: Path, engine: str, **asked: Any) -> dict[str, dict[str, Any]]:
    rows = result(path, "profile", engine=engine, output_format="json", **{"columns": [], **asked})
    return {row.pop("column"): row for row in rows}


@every_engine
@pytest.mark.parametrize("format_", FORMATS)
def test_each_column_is_described(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, SALES)

    found = profile(path, engine)
    outcome, _ = run(path, "profile", engine=engine, columns=[])

    assert list(found) == ["shop", "price", "note"]
    assert outcome.rows_in == len(SALES)
    shop, price, note = found.values()
    assert shop == {
        "type": "text", "count": 5, "nulls": 0, "distinct": 1, "min": "Nice", "max": "Nice", "histogram": None,
        "top": [{"value": "Nice", "count": 5}],
    }  # fmt: skip
    assert (price["count"], price["nulls"], price["distinct"]) == (4, 1, 3)
    assert [float(price[end]) for end in ("min", "max")] == [1.5, 11.5]
    assert [(float(each["value"]), each["count"]) for each in price["top"]] == [(2.5, 2), (1.5, 1), (11.5, 1)]
    parts = price["histogram"]
    assert [part["count"] for part in parts] == [1, 0, 2, *[0] * (BINS - 4), 1]
    assert (parts[0]["from"], parts[2]["from"], parts[-1]["to"]) == (1.5, 2.5, 11.5)
    assert (note["type"], note["min"], note["max"], note["histogram"]) == ("text", "12", "y", None)


@every_engine
def test_columns_of_every_type_are_described(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    table = {
        "day": pa.array([date(2026, 1, 2), None, date(2026, 1, 1)]),
        "ok": pa.array([True, False, True]),
        "d": pa.array([Decimal("1.10"), None, Decimal("2.20")], pa.decimal128(9, 2)),
        "f": pa.array([1.0, float("inf"), float("nan")]),
        "list": pa.array([[1], [1], None]),
        "nothing": pa.nulls(3),
    }
    pq.write_table(pa.table(table), path)

    found = profile(path, engine)

    assert (found["day"]["min"], found["day"]["max"]) == ("2026-01-01", "2026-01-02")
    assert found["ok"]["top"] == [{"value": True, "count": 2}, {"value": False, "count": 1}]
    assert sum(part["count"] for part in found["d"]["histogram"]) == 2
    assert (found["f"]["count"], found["f"]["histogram"]) == (2, None)
    assert (found["list"]["distinct"], found["list"]["min"]) == (1, None)
    assert (found["nothing"]["count"], found["nothing"]["nulls"], found["nothing"]["top"]) == (0, 3, [])


@every_engine
def test_only_some_columns_and_rows_are_described(engine: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", SALES)
    where = [{"column": "note", "op": "=", "value": "x"}]
    found = profile(path, engine, columns=["price"], where=where)
    assert list(found) == ["price"]
    assert (found["price"]["count"], found["price"]["min"], found["price"]["max"]) == (2, "1.5", "11.5")
    with pytest.raises(UnknownColumn, match="nowhere"):
        profile(path, engine, columns=["nowhere"], where=where)
    with pytest.raises(UnknownColumn, match="nowhere"):
        profile(path, engine, columns=["nowhere"])


@every_engine
def test_numbers_in_another_notation_are_described(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a;b\n1,5;x\n2,5;y\n")
    found = profile(path, engine, read={"decimal": ","})
    assert (found["a"]["type"], found["a"]["min"], found["a"]["histogram"][-1]["to"]) == ("number", "1,5", 2.5)


@every_engine
def test_all_numbers_are_in_the_histogram(engine: str, tmp_path: Path) -> None:
    some = random.Random(5)
    path = tmp_path / "table.csv"
    path.write_text("x\n" + "".join(f"{some.gauss(0, 9):.3f}\n" for _ in range(3000)) + "7\n" * 5)
    histogram = profile(path, engine)["x"]["histogram"]
    assert (len(histogram), sum(part["count"] for part in histogram)) == (BINS, 3005)


@every_engine
def test_columns_are_profiled_as_the_request_says(engine: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", [{"code": 10, "other": 1}, {"code": 9, "other": 2}])
    read = {"types": {"code": "text", "other": "text"}}

    (row,) = result(path, "profile", engine=engine, columns=["code"], read=read, output_format="json")

    assert (row["type"], row["min"], row["max"], row["histogram"]) == ("text", "10", "9", None)
