"""Names that differ only in case are two columns, whatever the operation, the engine and the format."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import AmbiguousOutput, BrokenFile, NotNumeric, UnknownColumn
from tests.compute.tables import ENGINES, read_table, result, run

every_engine = pytest.mark.parametrize("engine", ENGINES)
FORMATS = ("csv", "quoted.csv", "json", "jsonl", "xml", "parquet")
every_format = pytest.mark.parametrize("format_", FORMATS)
ROWS = [{"a": "x", "A": 1, "á": 5}, {"a": "x", "A": 2.5, "á": 6}, {"a": "y", "A": 4, "á": None}]


def table(tmp_path: Path, format_: str) -> Path:
    path = tmp_path / f"table.{format_}"
    match format_:
        case "csv":
            path.write_text("a,A,á\nx,1,5\nx,2.5,6\ny,4,\n")
        case "quoted.csv":
            path.write_text('a,A,á\n"x",1,5\nx,2.5,6\ny,"4",\n')
        case "json":
            path.write_text(json.dumps(ROWS))
        case "jsonl":
            path.write_text("\n".join(map(json.dumps, ROWS)))
        case "xml":
            path.write_text(
                "<t><r><a>x</a><A>1</A><á>5</á></r><r><a>x</a><A>2.5</A><á>6</á></r><r><a>y</a><A>4</A><á/></r></t>"
            )
        case "parquet":
            pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


@every_engine
@every_format
def test_whole_rows_have_both(engine: str, format_: str, tmp_path: Path) -> None:
    rows = result(table(tmp_path, format_), "non_null", columns=["A"], engine=engine, output_format="json")
    assert [list(row) for row in rows] == [["a", "A", "á"]] * 3
    assert [(row["a"], float(row["A"])) for row in rows] == [("x", 1), ("x", 2.5), ("y", 4)]


@every_engine
@every_format
def test_one_is_grouped_by_and_the_other_summed(engine: str, format_: str, tmp_path: Path) -> None:
    path, asked = (
        table(tmp_path, format_),
        {"by": ["a"], "aggregations": {"A": ["sum"], "á": ["max"]}, "engine": engine},
    )

    outcome, _ = run(path, "group_by", **asked)
    first, second = result(path, "group_by", sort=[{"column": "A_sum", "descending": True}], **asked)

    assert list(outcome.columns) == ["a", "A_sum", "á_max"]
    assert set(outcome.read_as) == {"a", "A", "á"}
    assert [(row["a"], float(row["A_sum"])) for row in (first, second)] == [("y", 4), ("x", 3.5)]


@every_engine
@every_format
def test_stats_profile_and_where_tell_them_apart(engine: str, format_: str, tmp_path: Path) -> None:
    path, where = table(tmp_path, format_), [{"column": "A", "op": ">", "value": 2}]

    (stats,) = result(path, "stats", columns=["A"], engine=engine, where=where)
    profile = result(path, "profile", columns=[], engine=engine, output_format="json")

    assert (stats["column"], float(stats["mean"]), int(stats["count"])) == ("A", 3.25, 2)
    assert [(row["column"], row["distinct"]) for row in profile] == [("a", 2), ("A", 3), ("á", 2)]


@every_engine
@pytest.mark.parametrize("output", ["csv", "tsv", "json", "jsonl", "xml", "parquet", "arrow"])
def test_every_format_that_is_written_has_both(engine: str, output: str, tmp_path: Path) -> None:
    asked = {"by": ["a", "A"], "aggregations": {"a": ["count"], "A": ["count"]}, "engine": engine}
    _, path = run(table(tmp_path, "csv"), "group_by", output_format=output, **asked)
    if output == "arrow":
        with pa.OSFile(str(path)) as file:
            names = pa.ipc.open_file(file).schema.names
    else:
        names = list(read_table(path)[0])
    assert names == ["a", "A", "a_count", "A_count"]
    assert "\ufdd0".encode() not in path.read_bytes()
    assert b"FDD0" not in path.read_bytes()


@every_engine
def test_cells_that_look_like_the_names_stay_as_they_are(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    cells = ['"""A"":"', "<A>", "A\ufdd0", "_xFDD0_"]
    path.write_text("a,A\n" + "".join(f"{cell},1\n" for cell in cells))
    for output in ("csv", "json", "xml"):
        rows = result(path, "non_null", columns=["A"], engine=engine, output_format=output)
        assert [row["a"] for row in rows] == ['"A":', "<A>", "A\ufdd0", "_xFDD0_"], output


@every_engine
def test_errors_name_the_column_as_it_is(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,A\n1,word\n")
    with pytest.raises(NotNumeric, match="The column 'A' is not numeric: it holds 'word'"):
        run(path, "stats", columns=["A"], engine=engine)
    with pytest.raises(UnknownColumn, match=r"'b'.*'a', 'A'|a, A"):
        run(path, "stats", columns=["b"], engine=engine)


@every_engine
def test_the_same_name_twice_in_parquet_is_refused(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), path)
    with pytest.raises(BrokenFile, match="Two columns have the name 'a'"):
        result(path, "non_null", columns=["a"], engine=engine)


def test_a_preview_has_both(tmp_path: Path) -> None:
    for format_ in FORMATS:
        outcome: Any = run(table(tmp_path, format_), "preview", rows=2, output_format="json")
        assert list(outcome[0].columns) == list(read_table(outcome[1])[0]) == ["a", "A", "á"], format_


@every_engine
@every_format
@pytest.mark.parametrize("conditions", [[], [{"column": "a", "op": "=", "value": "x"}]])
def test_one_of_them_is_profiled(engine: str, format_: str, conditions: list[Any], tmp_path: Path) -> None:
    asked: dict[str, Any] = {"columns": ["A"], "where": conditions, "engine": engine, "output_format": "json"}
    outcome, path = run(table(tmp_path, format_), "profile", **asked)
    (row,) = read_table(path)
    assert (row["column"], row["count"]) == ("A", 2 if conditions else 3)
    assert list(outcome.read_as) == ["A"]


@every_engine
def test_no_result_has_two_columns_of_one_name(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,A,A_sum\n1,2,3\n")
    with pytest.raises(AmbiguousOutput, match="two columns 'A_sum'"):
        run(path, "group_by", by=["A_sum"], aggregations={"A": ["sum"]}, engine=engine)


@every_engine
def test_a_column_that_is_named_like_an_aggregation_is_sorted_by(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,A,A_min\n1,2,3\n4,5,1\n")
    rows = result(path, "non_null", columns=["a"], sort=[{"column": "A_min"}], engine=engine)
    assert [row["A_min"] for row in rows] == ["1", "3"]
