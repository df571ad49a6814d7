"""The three operations: the same answer from every engine and every format."""

import math
import statistics
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from compute.files.errors import AmbiguousOutput, NotNumeric, UnknownColumn
from tests.compute.operations.nist import DATASETS
from tests.compute.tables import ENGINES, FORMATS, numbers, packed, read_table, result, run, write_table

SALES: list[dict[str, Any]] = [
    {"shop": "007", "currency": "EUR", "quantity": 2, "price": 1.5, "sold_on": "2024-01-05"},
    {"shop": "007", "currency": "EUR", "quantity": 1, "price": None, "sold_on": "2024-01-03"},
    {"shop": "12", "currency": "USD", "quantity": 4, "price": 10.0, "sold_on": None},
    {"shop": "12", "currency": None, "quantity": 3, "price": 91.2, "sold_on": "2024-02-29"},
    {"shop": "007", "currency": "USD", "quantity": 2, "price": 2.25, "sold_on": "2024-01-04"},
]
every_engine = pytest.mark.parametrize("engine", ENGINES)
every_format = pytest.mark.parametrize("format_", FORMATS)


@every_engine
@every_format
class TestEveryEngineAndFormat:
    """engine x format x operation."""

    def test_group_by_gives_every_aggregation(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)
        asked = {
            "price": ["sum", "mean", "median", "std", "var", "min", "max", "count", "n_unique", "first", "last"],
            "quantity": ["sum", "n_unique"],
        }

        first, second = result(path, "group_by", engine=engine, by=["shop"], aggregations=asked)

        assert (first["shop"], second["shop"]) == ("007", "12")
        spread = math.sqrt(((1.5 - 1.875) ** 2 + (2.25 - 1.875) ** 2) / 1)
        assert numbers(first, *(f"price_{name}" for name in asked["price"])) == pytest.approx(
            [3.75, 1.875, 1.875, spread, spread**2, 1.5, 2.25, 2, 2, 1.5, 2.25]
        )
        assert numbers(second, "price_first", "price_last", "quantity_sum") == [10.0, 91.2, 7]
        assert numbers(first, "quantity_sum", "quantity_n_unique") == [5, 2]

    def test_group_by_makes_null_a_group_and_puts_it_last(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        rows = result(path, "group_by", engine=engine, by=["currency"])

        assert [(row["currency"], int(row["count"])) for row in rows] == [("EUR", 2), ("USD", 2), (None, 1)]

    def test_group_by_groups_by_several_columns(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        rows = result(path, "group_by", engine=engine, by=["shop", "currency"], aggregations={"quantity": ["sum"]})

        keys = [(row["shop"], row["currency"], int(row["quantity_sum"])) for row in rows]
        assert keys == [("007", "EUR", 3), ("007", "USD", 2), ("12", "USD", 4), ("12", None, 3)]

    def test_min_and_max_of_dates_are_dates(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        rows = result(path, "group_by", engine=engine, by=["shop"], aggregations={"sold_on": ["min", "max"]})

        assert [(row["sold_on_min"], row["sold_on_max"]) for row in rows] == [
            ("2024-01-03", "2024-01-05"),
            ("2024-02-29", "2024-02-29"),
        ]

    def test_non_null_keeps_rows_whole_and_in_order(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        rows = result(path, "non_null", engine=engine, columns=["price", "currency"])

        assert [row["shop"] for row in rows] == ["007", "12", "007"]
        assert [row["sold_on"] for row in rows] == ["2024-01-05", None, "2024-01-04"]
        assert list(rows[0]) == list(SALES[0])

    def test_stats_give_a_row_per_column(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        price, quantity = result(path, "stats", engine=engine, columns=["price", "quantity"])

        assert (price["column"], quantity["column"]) == ("price", "quantity")
        assert numbers(price, "count", "nulls", "mean", "min", "max") == pytest.approx([4, 1, 26.2375, 1.5, 91.2])
        assert numbers(quantity, "variance", "standard_deviation") == pytest.approx([1.3, math.sqrt(1.3)])

    def test_stats_by_give_null_spread_for_one_value(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        rows = result(path, "stats", engine=engine, columns=["price"], by=["currency"])

        assert [row["currency"] for row in rows] == ["EUR", "USD", None]
        assert numbers(rows[0], "count", "nulls", "mean", "variance", "standard_deviation") == [1, 1, 1.5, None, None]

    def test_text_is_not_numeric(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        with pytest.raises(NotNumeric, match="'currency' is not numeric"):
            run(path, "stats", engine=engine, columns=["currency"])
        with pytest.raises(NotNumeric, match="'currency' is not numeric"):
            run(path, "group_by", engine=engine, by=["shop"], aggregations={"currency": ["mean"]})

    def test_an_unknown_column_is_named_beside_those_there_are(self, engine: str, format_: str, tmp_path: Path) -> None:
        path = write_table(tmp_path, format_, SALES)

        with pytest.raises(UnknownColumn, match=r"no column 'prize'.*shop, currency, quantity, price, sold_on"):
            run(path, "non_null", engine=engine, columns=["prize"])


@every_engine
@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "xml"])
def test_gzipped_files_are_unpacked(engine: str, format_: str, tmp_path: Path) -> None:
    path = packed(write_table(tmp_path, format_, SALES))

    assert numbers(result(path, "stats", engine=engine, columns=["quantity"])[0], "count", "max") == [5, 4]


@every_engine
@every_format
@pytest.mark.parametrize("output", FORMATS)
def test_every_format_can_become_every_other(engine: str, format_: str, output: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, SALES)

    outcome, written = run(path, "non_null", engine=engine, columns=["price"], output_format=output)

    rows = read_table(written)
    assert written.suffix == f".{output}"
    assert outcome.rows_out == len(rows) == 4
    assert [row["shop"] for row in rows] == ["007", "12", "12", "007"]
    assert numbers(rows[2], "quantity", "price") == [3, 91.2]
    assert rows[2]["currency"] is None


@every_engine
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_csv_goes_out_with_the_delimiter_it_came_in_with(engine: str, delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(delimiter.join(["a", "b"]) + "\n" + delimiter.join(["1", "x"]) + "\n")

    _, written = run(path, "non_null", engine=engine, columns=["a"])

    assert written.read_text() == path.read_text()


@every_engine
def test_two_results_of_one_name_are_refused(engine: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", [{"a": 1, "a_sum": 2}])

    with pytest.raises(AmbiguousOutput, match="a_sum"):
        run(path, "group_by", engine=engine, by=["a_sum"], aggregations={"a": ["sum"]})


def test_the_values_are_those_that_nist_certified() -> None:
    for name, dataset in DATASETS.items():
        assert float(statistics.mean(dataset.values)) == pytest.approx(float(dataset.mean), rel=1e-14), name
        assert float(statistics.stdev(dataset.values)) == pytest.approx(float(dataset.deviation), rel=1e-14), name


@every_engine
@every_format
@pytest.mark.parametrize(
    "names", [["PiDigits"], [name for name in DATASETS if name != "PiDigits"]], ids=["pi", "others"]
)
class TestTheUnivariateDatasetsOfNist:
    """Several as columns of one table, the shorter ones filled up with nulls."""

    @pytest.fixture
    def path(self, names: list[str], format_: str, tmp_path: Path) -> Path:
        columns = [[float(value) for value in DATASETS[name].values] for name in names]
        rows = [{"k": "all"} | dict(zip(names, row, strict=True)) for row in zip_longest(*columns)]
        return write_table(tmp_path, format_, rows)

    def test_stats_give_what_is_certified(self, engine: str, names: list[str], path: Path) -> None:
        for row in result(path, "stats", engine=engine, columns=names):
            _assert_certified(row["column"], *numbers(row, "mean", "standard_deviation"))

    def test_group_by_gives_what_is_certified(self, engine: str, names: list[str], path: Path) -> None:
        asked = {name: ["mean", "std"] for name in names}

        row = result(path, "group_by", engine=engine, by=["k"], aggregations=asked)[0]

        for name in names:
            _assert_certified(name, *numbers(row, f"{name}_mean", f"{name}_std"))


def _assert_certified(name: str, mean: float | None, deviation: float | None) -> None:
    certified = DATASETS[name]
    assert mean == pytest.approx(float(certified.mean), rel=1e-9), name
    if (
        name == "NumAcc4"
    ):  # no double is 10000000.1: the doubles nearest to its values have a deviation that is 5.6e-9 off
        assert deviation == pytest.approx(statistics.stdev([float(value) for value in certified.values]), rel=1e-9)
        assert deviation == pytest.approx(float(certified.deviation), rel=1e-8)
    else:
        assert deviation == pytest.approx(float(certified.deviation), rel=1e-9), name
