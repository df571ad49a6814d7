"""Results as Arrow files and workbooks hold what the same result holds in Parquet."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import ComputeError, LimitReached, UnwritableValue
from compute.jobs import conversions
from config.core import worksheets
from tests.compute.tables import ENGINES, run
from tests.xlsx import cells

every_engine = pytest.mark.parametrize("engine", ENGINES)


def table(tmp_path: Path, **columns: Any) -> Path:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@every_engine
def test_an_arrow_file_has_the_types_of_parquet(engine: str, tmp_path: Path) -> None:
    path = table(tmp_path, k=[1, 2], d=[Decimal("1.50"), None], t=[["a"], []], day=[date(2026, 1, 1), None])

    _, arrow = run(path, "non_null", columns=["k"], engine=engine, output_format="arrow")
    _, parquet = run(path, "non_null", columns=["k"], engine=engine, output_format="parquet")

    with pa.OSFile(str(arrow)) as file:
        assert pa.ipc.open_file(file).read_all().to_pylist() == pq.read_table(parquet).to_pylist()


@every_engine
def test_a_workbook_has_numbers_and_dates_as_such(engine: str, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        k=["007", "=1+1"],
        n=[1, 2**60],
        x=[1.5, 0.1 + 0.2],
        day=[date(2026, 1, 1), None],
        at=[datetime(2026, 1, 1, 12, tzinfo=UTC), None],
        t=[["a", None], []],
        b=[b"\x00", None],
    )

    _, result = run(path, "non_null", columns=["k"], engine=engine, output_format="xlsx")

    with result.open("rb") as file:
        header, first, second = cells(file)
    assert [text for _, text in header] == ["k", "n", "x", "day", "at", "t", "b"]
    assert first == [
        ("inlineStr", "007"), ("n", "1"), ("n", "1.5"), ("n", "46023"), ("n", "46023.5"), ("inlineStr", '["a",null]'),
        ("inlineStr", "AA=="),
    ]  # fmt: skip
    assert second[:3] == [("inlineStr", "=1+1"), ("inlineStr", str(2**60)), ("n", "0.3")]


def test_a_workbook_of_csv_has_its_cells_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("k,price\n007,1.50\n")

    _, result = run(path, "non_null", columns=["k"], output_format="xlsx")

    with result.open("rb") as file:
        assert cells(file)[1] == [("inlineStr", "007"), ("inlineStr", "1.50")]


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (float("inf"), UnwritableValue, "The column 'x' holds inf, which XLSX cannot hold"),
        ("x" * 40_000, UnwritableValue, "more than 32,767 characters"),
    ],
)
def test_what_a_workbook_cannot_hold_is_named(value: Any, error: type[ComputeError], told: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=told):
        run(table(tmp_path, x=[value]), "non_null", columns=["x"], output_format="xlsx")


def test_more_columns_than_a_worksheet_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{number}" for number in range(16_385)) + "\n" + "1," * 16_384 + "1\n")
    with pytest.raises(LimitReached, match="than its 16,384 columns"):
        run(path, "non_null", columns=["c0"], output_format="xlsx", engine="pandas")


def test_a_name_that_no_cell_of_a_worksheet_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnwritableValue, match="more than 32,767 characters"):
        run(table(tmp_path, **{"n" * 40_000: [1], "x": [1]}), "non_null", columns=["x"], output_format="xlsx")


def test_more_rows_than_a_worksheet_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worksheets, "MOST_XLSX_ROWS", 3)
    monkeypatch.setattr(conversions, "MOST_XLSX_ROWS", 3)
    with pytest.raises(LimitReached, match="more than the 3 rows of a worksheet"):
        run(table(tmp_path, x=[1, 2, 3, 4]), "non_null", columns=["x"], output_format="xlsx")
