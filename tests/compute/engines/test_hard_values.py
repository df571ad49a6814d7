"""Values and files on which engines differ: each has one decided behaviour (docs/compute.md), the same on all of them."""

import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import BrokenFile, NotNumeric
from tests.compute.tables import ENGINES, numbers, result, run, write_table

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("values", [[1.0, math.nan, None, 4.0], [1.0, math.nan, 4.0]], ids=["beside null", "alone"])
def test_nan_in_parquet_is_null_too(engine: str, values: list[float | None], tmp_path: Path) -> None:
    path = write_table(tmp_path, "parquet", [{"k": "a", "x": value} for value in values])

    stats = result(path, "stats", engine=engine, columns=["x"])[0]
    group = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum", "max", "n_unique"]})[0]

    assert numbers(stats, "count", "nulls", "max") == [2, len(values) - 2, 4]
    assert numbers(group, "x_sum", "x_max", "x_n_unique") == [5, 4, 2]
    assert run(path, "non_null", engine=engine, columns=["x"])[0].rows_out == 2


def test_whole_numbers_are_summed_exactly_to_64_bits(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "k,x\na,9007199254740993\na,2\n")

    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum", "max"]})[0]

    assert (row["x_sum"], row["x_max"]) == ("9007199254740995", "9007199254740993")


@pytest.mark.parametrize("value", ["9223372036854775807", "123456789012345678901234567890"])
def test_sums_beyond_64_bits_are_doubles(engine: str, value: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", f"k,x\na,{value}\na,{value}\n")

    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum"]})[0]

    assert float(row["x_sum"]) == pytest.approx(2 * int(value), rel=1e-15)


def test_a_decimal_late_in_a_column_of_integers_is_not_rounded(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "k,x\n" + "a,1\n" * 3000 + "a,1.5\n")

    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum", "max"]})[0]

    assert numbers(row, "x_sum", "x_max") == [3001.5, 1.5]


@pytest.mark.parametrize("value", ["1_000", "0x1A", "inf", "1e999", "1,5", "true", "nan", "-"])
def test_what_is_no_decimal_number_is_refused(engine: str, value: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", f'k;x\na;1\na;"{value}"\n')

    with pytest.raises(NotNumeric, match=value):
        run(path, "stats", engine=engine, columns=["x"])
    with pytest.raises(NotNumeric, match=value):
        run(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum"]})


@pytest.mark.parametrize(("text", "value"), [(" 12 ", 12), ("+5", 5), (".5", 0.5), ("5.", 5), ("1e3", 1000)])
def test_usual_spellings_of_numbers_are_numbers(engine: str, text: str, value: float, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", f"k,x\na,{text}\n")

    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum", "mean"]})[0]

    assert numbers(row, "x_sum", "x_mean") == [value, value]


def test_mixed_types_in_json_are_copied_as_they_are(engine: str, tmp_path: Path) -> None:
    records = [{"x": 1, "y": "007"}, {"x": "1", "y": True}, {"x": {"a": [1]}, "y": None}, {"z": 2.5}]
    path = _file(tmp_path, "t.json", json.dumps(records))

    rows = result(path, "non_null", engine=engine, columns=["x"])

    assert rows == [
        {"x": 1, "y": "007", "x.a": None, "z": None},
        {"x": "1", "y": True, "x.a": None, "z": None},
    ]
    assert result(path, "non_null", engine=engine, columns=["x.a"]) == [{"x": None, "y": None, "x.a": [1], "z": None}]


def test_a_key_that_first_comes_late_is_a_column(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.jsonl", '{"a": 1}\n' * 30_000 + '{"a": 1, "b": 2}\n')

    assert result(path, "non_null", engine=engine, columns=["b"]) == [{"a": 1, "b": 2}]


def test_types_of_parquet_survive(engine: str, tmp_path: Path) -> None:
    table = pa.table(
        {
            "d": pa.array([19000], pa.date32()),
            "n": pa.array([7], pa.int32()),
            "b": [True],
            "m": pa.array([1], pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")

    _, written = run(tmp_path / "t.parquet", "non_null", engine=engine, columns=["d"])

    assert pq.read_table(written).to_pylist() == table.to_pylist()
    assert pq.read_schema(written).types == table.schema.types


def test_quotes_delimiters_and_newlines_in_names_and_cells_survive(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", '"a ""b""\nc","d,e"\n"x\ny","1,""2"""\n')

    rows = result(path, "non_null", engine=engine, columns=['a "b"\nc'])

    assert rows == [{'a "b"\nc': "x\ny", "d,e": '1,"2"'}]


def test_names_that_xml_cannot_have_come_back(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "unit price,1st,_x0041_\n1,<&>,c\n")

    rows = result(path, "non_null", engine=engine, columns=["1st"], output_format="xml")

    assert rows == [{"unit price": "1", "1st": "<&>", "_x0041_": "c"}]


def test_a_header_alone_has_no_rows(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "k,x\n")

    assert run(path, "group_by", engine=engine, by=["k"])[0].rows_out == 0
    assert run(path, "non_null", engine=engine, columns=["x"])[1].read_text() == "k,x\n"
    row = result(path, "stats", engine=engine, columns=["x"])[0]
    assert numbers(row, "count", "nulls", "mean", "max") == [0, 0, None, None]


def test_a_byte_order_mark_is_not_part_of_the_first_name(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "\ufeffk,x\na,1\n")

    assert result(path, "non_null", engine=engine, columns=["k"]) == [{"k": "a", "x": "1"}]


BROKEN = {
    "blank lines": ("csv", b"\n\n", "empty"),
    "row too long": ("csv", b"a,b\n1,2\n3,4,5\n", "cannot be read"),
    "open quote": ("csv", b'a,b\n"1,2\n3,4\n', "cannot be read"),
    "damaged UTF-8": ("csv", "a\ncafé\n".encode() + b"\xe9t\n", "not UTF-8"),
    "NUL": ("csv", b"a\n\x00\n", "NUL"),
    "a list of numbers": ("json", b"[1, 2, 3]", "not a record"),
    "half a JSON": ("json", b'[{"a": 1}, {"a"', "cannot be read"),
    "NaN in JSON": ("jsonl", b'{"a": 1}\n{"a": oops}\n', "cannot be read"),
    "half an XML": ("xml", b"<r><x><a>1</a></x>", "not well-formed"),
    "random bytes as Parquet": ("parquet", bytes(range(256)) * 40, "cannot be read"),
    "random bytes as gzip": ("csv.gz", b"\x1f\x8b\x08" + bytes(range(200)), "cannot be decompressed"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_the_reason_and_leaves_nothing(engine: str, case: str, tmp_path: Path) -> None:
    suffix, content, reason = BROKEN[case]
    path = _file(tmp_path, f"t.{suffix}", content)

    with pytest.raises(BrokenFile, match=reason) as caught:
        run(path, "non_null", engine=engine, columns=["a"])

    assert str(tmp_path) not in caught.value.detail
    assert list((tmp_path / "results").iterdir()) == []


BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<r><x><a>&b;</a></x></r>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><x><a>&a;</a></x></r>"""


@pytest.mark.parametrize("content", [BILLION_LAUGHS, EXTERNAL], ids=["billion laughs", "external entity"])
def test_xml_with_an_entity_of_its_own_is_refused(engine: str, content: bytes, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.xml", content)

    with pytest.raises(BrokenFile, match="line 1: the entity 'a' is declared"):
        run(path, "non_null", engine=engine, columns=["a"])
