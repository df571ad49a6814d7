"""Every hard value on every engine in every format that can hold it, under each operation: one decided behaviour."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import BrokenFile, NotNumeric
from tests.compute.tables import ENGINES, FORMATS, Rows, numbers, read_table, result, run, write_table

pytestmark = [pytest.mark.parametrize("engine", ENGINES), pytest.mark.parametrize("format_", FORMATS)]
BIG = 123456789012345678901234567890


def _text(value: Any) -> str | None:
    """A cell as it is written where there are no types."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


HARD: dict[str, list[Any]] = {
    "leading zeros": ["007", "0071"],
    "quotes, delimiters, newlines": ['a "b"', "c,d;e\tf|g", "h\ni", "\n", '"'],
    "text of markup": ["<a>&amp;</a>", "]]>", "{}"],
    "other alphabets": ["č", "日本", "🛩"],
    "blanks": [" a ", "b  "],
    "dates": ["2024-02-29", "1900-01-01"],
    "booleans": [True, False],
    "beyond 64 bits": [BIG, -BIG],
    "words for nothing": ["NULL", "null", "None", "NA", "nan", "-"],
}


@pytest.mark.parametrize("case", HARD)
def test_what_is_copied_and_grouped_is_what_was_read(engine: str, format_: str, case: str, tmp_path: Path) -> None:
    name = 'na "me"\n, x' if case.startswith("quotes") else "x"
    values: list[Any] = [*HARD[case], None, HARD[case][0]]
    path = write_table(tmp_path, format_, [{"n": str(number), name: value} for number, value in enumerate(values)])
    there = [_text(value) for value in values if value is not None]

    copied = result(path, "non_null", engine=engine, columns=[name])
    groups = result(path, "group_by", engine=engine, by=[name], aggregations={name: ["count", "n_unique"]})

    assert [_text(row[name]) for row in copied] == there
    assert len(groups) == len(set(there)) + 1
    counts = {_text(row[name]): numbers(row, f"{name}_count", f"{name}_n_unique") for row in groups}
    assert counts == {value: [there.count(value), 1] for value in there} | {None: [0, 0]}


@pytest.mark.parametrize("case", ["dates", "booleans", "words for nothing"])
def test_what_is_no_number_is_refused_where_it_is_computed_on(
    engine: str, format_: str, case: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path, format_, [{"k": "a", "x": value} for value in HARD[case]])

    with pytest.raises(NotNumeric, match="'x' is not numeric"):
        run(path, "stats", engine=engine, columns=["x"])
    with pytest.raises(NotNumeric, match="'x' is not numeric"):
        run(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum"]})


def test_mixed_types_are_copied_and_refused_as_numbers(engine: str, format_: str, tmp_path: Path) -> None:
    values: list[Any] = [1, "007", 2.5, "x", True]
    path = write_table(tmp_path, format_, [{"x": _text(each) if format_ == "parquet" else each} for each in values])

    copied = result(path, "non_null", engine=engine, columns=["x"])

    assert [_text(row["x"]) for row in copied] == ["1", "007", "2.5", "x", "true"]
    assert "json" not in format_ or [row["x"] for row in copied] == values
    with pytest.raises(NotNumeric, match="it holds 'x'"):
        run(path, "stats", engine=engine, columns=["x"])


def test_integers_beyond_64_bits_are_computed_as_doubles(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, [{"k": "a", "x": BIG}, {"k": "a", "x": 2 * BIG}])

    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum", "max", "mean"]})[0]
    stats = result(path, "stats", engine=engine, columns=["x"])[0]

    assert numbers(row, "x_sum", "x_max", "x_mean") == pytest.approx([3 * BIG, 2 * BIG, 1.5 * BIG], rel=1e-15)
    assert numbers(stats, "mean", "min") == pytest.approx([1.5 * BIG, BIG], rel=1e-15)


def test_nan_and_empty_text_beside_null_are_null(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, [{"k": "a", "x": value} for value in ("1", "NaN", "", None, "3")])

    assert numbers(result(path, "stats", engine=engine, columns=["x"])[0], "count", "nulls", "mean") == [2, 3, 2]
    assert run(path, "non_null", engine=engine, columns=["x"])[0].rows_out == 2
    assert len(result(path, "group_by", engine=engine, by=["x"])) == 3
    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["count", "sum", "n_unique", "max"]})[0]
    assert numbers(row, "x_count", "x_sum", "x_n_unique", "x_max") == [2, 4, 2, 3]


def _parquet(path: Path, table: Any) -> None:
    pq.write_table(table, path)


TWICE: dict[str, str] = {
    "csv": "a,A\n1,2\n", "tsv": "a\tA\n1\t2\n", "json": '[{"a": 1, "A": 2}]', "jsonl": '{"a": 1}\n{"A": 2}\n',
    "xml": "<r><x><a>1</a></x><x><A>2</A></x></r>",
}  # fmt: skip


def test_a_name_in_two_cases_is_two_columns(engine: str, format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{format_}"
    if format_ == "parquet":
        _parquet(path, pa.table([pa.array([1]), pa.array([2])], names=["a", "A"]))
    else:
        path.write_text(TWICE[format_])

    (row,) = result(path, "non_null", engine=engine, columns=["a"])

    assert list(row) == ["a", "A"]


NOTHING: dict[str, tuple[str, str]] = {
    "csv": ("a,b\n", ""), "tsv": ("a\tb\n", ""), "json": ("[]", "no records"), "jsonl": ("\n\n", "empty"),
    "xml": ("<r/>", "no records"),
}  # fmt: skip


def test_a_file_without_rows_is_a_table_only_where_it_has_columns(engine: str, format_: str, tmp_path: Path) -> None:
    path, refusal = tmp_path / f"t.{format_}", ""
    if format_ == "parquet":
        _parquet(path, pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}))
    else:
        content, refusal = NOTHING[format_]
        path.write_text(content)

    calls: list[Callable[[], Any]] = [
        lambda: run(path, "non_null", engine=engine, columns=["a"])[0].rows_out,
        lambda: run(path, "group_by", engine=engine, by=["b"], aggregations={"a": ["sum", "max"]})[0].rows_out,
        lambda: int(result(path, "stats", engine=engine, columns=["a"])[0]["count"]),
    ]
    for call in calls:
        if refusal:
            with pytest.raises(BrokenFile, match=refusal):
                call()
        else:
            assert call() == 0


def test_an_empty_file_is_refused(engine: str, format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{format_}"
    path.touch()

    with pytest.raises(BrokenFile, match="The file is empty"):
        run(path, "stats", engine=engine, columns=["a"])


def test_text_that_is_damaged_utf_8_is_refused(engine: str, format_: str, tmp_path: Path) -> None:
    if format_ == "parquet":
        pytest.skip("its text is UTF-8 by definition")
    path = write_table(tmp_path, format_, [{"a": "1", "b": "café"}] * 3)
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xe9", 1))

    with pytest.raises(BrokenFile):
        run(path, "non_null", engine=engine, columns=["b"])
    with pytest.raises(BrokenFile):
        run(path, "group_by", engine=engine, by=["b"])


def test_rows_that_are_no_rows_are_refused(engine: str, format_: str, tmp_path: Path) -> None:
    content = {
        "csv": "a,b\n1,2\n3\n", "tsv": "a\tb\n1\t2\n3\t4\t5\n", "json": '[{"a": 1}, [2]]', "jsonl": '{"a": 1}\n[2]\n',
        "xml": "<r><x><a>1</a></x>", "parquet": "PAR1 and nothing else PAR1",
    }[format_]  # fmt: skip
    path: Path = tmp_path / f"t.{format_}"
    path.write_text(content)

    with pytest.raises(BrokenFile):
        run(path, "stats", engine=engine, columns=["a"])


def test_results_of_hard_values_can_be_read_again(engine: str, format_: str, tmp_path: Path) -> None:
    rows: Rows = [{'a "b"\nc': 'x\n"y",z', "d": json.dumps({"e": [1, "f"]})}]
    path = write_table(tmp_path, format_, rows)

    once = run(path, "non_null", engine=engine, columns=["d"])[1]
    again = once.rename(tmp_path / once.name)

    assert read_table(run(again, "non_null", engine=engine, columns=["d"])[1]) == list(rows)
