"""Sums of whole numbers and of decimal text are exact while 38 digits suffice, on every engine; means are of them."""

import random
from collections import defaultdict
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import NotNumeric
from tests.compute.tables import ENGINES, result, run

every_engine = pytest.mark.parametrize("engine", ENGINES)
QUOTES = pytest.mark.parametrize("quoted", [False, True], ids=["plain", "quoted"])
COLUMNS: dict[str, tuple[list[str], str, float]] = {  # cells, their sum and their mean
    "ten tenths": (["0.1"] * 10, "1.0", 0.1),
    "beyond the digits of a double": (["9007199254740993", "1"], "9007199254740994", 4503599627370497.0),
    "beyond 64 bits together": (["9223372036854775807", "1"], "9223372036854775808", 2.0**62),
    "beyond 64 bits each": (["18446744073709551616", "1"], "18446744073709551617", 2.0**63),
    "few and many digits behind the point": (["1.5", "2", "0.25"], "3.75", 1.25),
    "large and small": (["123456789012345678901.5", "0.0001"], "123456789012345678901.5001", 6.172839450617284e19),
    "exponents": (["1.5e3", "2E-2", "1"], "1501.02", 500.34),
    "blanks, signs, points": ([" 1.5 ", "+2.", "-.5"], "3.0", 1.0),
    "missing ones": (["", "NaN", "1.5"], "1.5", 1.5),
    "28 digits behind the point": (["0.0000000000000000000000000001"] * 2, "2E-28", 1e-28),
}
TOO_MANY: dict[str, list[str]] = {
    "more than 38 digits": ["1e300", "2"],
    "a sum of more than 38 digits": ["9" * 38, "1"],
    "38 digits around the point": ["1e-28", "1e10"],
    "more than 28 digits behind the point": ["1e-29", "2e-29"],
}


def table(tmp_path: Path, cells: list[str], *, quoted: bool) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("k,x\n" + "".join(f'a,"{cell}"\n' if quoted else f"a,{cell}\n" for cell in cells))
    return path


def sum_and_mean(path: Path, engine: str) -> tuple[str, str]:
    (row,) = result(path, "group_by", by=["k"], aggregations={"x": ["sum", "mean"]}, engine=engine)
    return row["x_sum"], row["x_mean"]


@every_engine
@QUOTES
@pytest.mark.parametrize("case", COLUMNS)
def test_a_sum_has_all_its_digits(engine: str, case: str, tmp_path: Path, *, quoted: bool) -> None:
    cells, total, mean = COLUMNS[case]
    found = sum_and_mean(table(tmp_path, cells, quoted=quoted), engine)
    assert (Decimal(found[0]), float(found[1])) == (Decimal(total), mean)


@every_engine
@QUOTES
@pytest.mark.parametrize("case", TOO_MANY)
def test_where_38_digits_do_not_suffice_it_is_a_double(engine: str, case: str, tmp_path: Path, *, quoted: bool) -> None:
    cells = TOO_MANY[case]
    path = table(tmp_path, cells, quoted=quoted)
    outcome, _ = run(path, "group_by", by=["k"], aggregations={"x": ["sum"]}, engine=engine)
    assert outcome.columns["x_sum"] == "Float64"
    assert float(sum_and_mean(path, engine)[0]) == pytest.approx(sum(map(float, cells)))


MEANS: dict[str, tuple[list[str], float]] = {
    "a tenth, often": (["0.1"] * 3_000, 0.1),
    "what adds up to nothing": (["0.1", "0.2", "-0.3"] * 3, 0.0),
    "large and small": (["123456789.25", "0.000001", "-123456789.25"], 1 / 3_000_000),
    "more in all than a double counts": (["999999999.999999", "0.000001"] * 5_000, 500000000.0),
    "missing ones": (["", "0.7", "0.1", ""], 0.4),
    "more digits behind the point": (["0.1234567890123"] * 3, 0.1234567890123),
    "exponents": (["1e300", "1e300"], 1e300),
    "whole numbers beyond 15 digits": (["9007199254740993"] * 2, 9007199254740992.0),
}


@every_engine
@QUOTES
@pytest.mark.parametrize("case", MEANS)
def test_the_mean_of_stats_is_that_of_the_decimals(engine: str, case: str, tmp_path: Path, *, quoted: bool) -> None:
    cells, mean = MEANS[case]
    path = table(tmp_path, cells, quoted=quoted)
    for by in ([], ["k"]):
        (row,) = result(path, "stats", columns=["x"], by=by, engine=engine)
        assert float(row["mean"]) == mean


@every_engine
def test_many_cents_are_whole_units(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    times = 100_000 if engine == "pandas" else 1_000_000  # it takes ten times as long
    path.write_text("k,x\n" + "a,0.01\n" * times)
    assert sum_and_mean(path, engine) == (f"{times // 100}.00", "0.01")


@every_engine
def test_a_late_digit_behind_the_point_counts(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    times = 40_000 if engine == "pandas" else 400_000  # it takes ten times as long
    path.write_text("k,x\n" + "a,1\n" * times + "a,0.5\n" + "a,1\n" * times + "a,0.125\n")
    assert sum_and_mean(path, engine)[0] == f"{2 * times}.625"


@every_engine
@pytest.mark.parametrize("late", ["12345678901234567890123", "1e22", "-1e25", "1e30"])
def test_a_late_number_of_too_many_digits_makes_doubles_of_all(engine: str, late: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("k,x\n" + "a,0.000000000000000001\n" * 9_999 + f"a,{late}\n")
    total, mean = sum_and_mean(path, engine)
    assert (float(total), float(mean)) == pytest.approx((float(late), float(late) / 10_000))


@every_engine
@pytest.mark.parametrize("format_", ["csv", "json", "parquet"])
def test_sums_of_groups_are_those_of_decimals(engine: str, format_: str, tmp_path: Path) -> None:
    some, expected = random.Random(3), defaultdict[str, Decimal](Decimal)
    path = tmp_path / "table.csv"
    with path.open("w") as file, localcontext(prec=100):
        file.write("k,x\n")
        for _ in range(2_000):
            key, digits = f"k{some.randrange(9)}", some.choice([0, 1, 2, 4])
            cell = f"{some.randrange(-(10**9), 10**9)}.{some.randrange(10**digits):0{digits}}" if digits else "7"
            expected[key] += Decimal(cell)
            file.write(f"{key},{cell}\n")
    rows = result(path, "group_by", by=["k"], aggregations={"x": ["sum"]}, engine=engine, output_format=format_)
    assert {row["k"]: Decimal(str(row["x_sum"])) for row in rows} == expected


@every_engine
def test_decimals_of_parquet_are_summed_exactly(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    prices = pa.array([Decimal("0.10")] * 10 + [Decimal("99999999.99"), None], pa.decimal128(10, 2))
    pq.write_table(pa.table({"k": ["a"] * 12, "x": prices, "n": pa.array([2**63 + 1] + [0] * 11, pa.uint64())}), path)
    (row,) = result(path, "group_by", by=["k"], aggregations={"x": ["sum", "mean"], "n": ["sum"]}, engine=engine)
    assert (row["x_sum"], row["n_sum"]) == (Decimal("100000000.99"), Decimal(2**63 + 1))
    assert row["x_mean"] == pytest.approx(100000000.99 / 11)


@every_engine
@pytest.mark.parametrize(
    ("cells", "word"), [(["1", "2"], "integer"), (["1", "2.5"], "number"), (["9" * 20], "integer")]
)
def test_the_answer_says_as_what_a_column_was_summed(engine: str, cells: list[str], word: str, tmp_path: Path) -> None:
    path = table(tmp_path, cells, quoted=False)
    outcome, _ = run(path, "group_by", by=["k"], aggregations={"x": ["sum"]}, engine=engine)
    assert outcome.read_as == {"k": "text", "x": word}


@every_engine
@QUOTES
def test_a_word_among_numbers_is_named(engine: str, tmp_path: Path, *, quoted: bool) -> None:
    with pytest.raises(NotNumeric, match="holds 'two'"):
        sum_and_mean(table(tmp_path, ["1.5", "two"], quoted=quoted), engine)


@every_engine
def test_decimal_commas_are_summed_exactly(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("k;x\n" + "a;1.000,10\n" * 10)
    asked: dict[str, Any] = {"read": {"decimal": ",", "thousands": "."}, "output_format": "json"}
    (row,) = result(path, "group_by", by=["k"], aggregations={"x": ["sum"]}, engine=engine, **asked)
    assert row["x_sum"] == 10001.0
