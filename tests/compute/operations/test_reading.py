"""As what a column is read: found out by all its values, said by the caller where they disagree, and told in the answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from compute.files.errors import MixedColumn, NotNumeric, UnknownColumn, UntypedOnly
from tests.compute.asking import ask
from tests.compute.conftest import RunningRunner
from tests.compute.tables import ENGINES, read_table, result, run, write_table

MIXED = [{"k": "a", "v": value} for value in ("10", "9", "NA")]
AS_TEXT, NA_IS_MISSING = {"types": {"v": "text"}}, {"null_values": ["NA"]}
every_engine = pytest.mark.parametrize("engine", ENGINES)
every_format = pytest.mark.parametrize("format_", ["csv", "json", "xml", "parquet"])


def least_and_greatest(path: Path, engine: str, **more: Any) -> tuple[Any, Any]:
    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"v": ["min", "max"]}, **more)[0]
    return row["v_min"], row["v_max"]


def column(folder: Path, format_: str, *values: Any) -> Path:
    """A file with these values in the column v."""
    return write_table(folder, format_, [{"k": "a", "v": value} for value in values])


@every_engine
@every_format
def test_numbers_and_text_in_one_column_have_no_order_until_one_is_said(
    engine: str, format_: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path, format_, MIXED)

    with pytest.raises(
        MixedColumn, match=r"such as '(10|9)', and text, such as 'NA'.*\"types\".*\"null_values\""
    ) as caught:
        least_and_greatest(path, engine)

    assert (caught.value.status, caught.value.field) == (400, "aggregations.v")
    assert least_and_greatest(path, engine, read=AS_TEXT) == ("10", "NA")
    assert least_and_greatest(path, engine, read=NA_IS_MISSING) == ("9", "10")


@every_engine
@every_format
def test_a_word_among_numbers_is_found_wherever_it_is(engine: str, format_: str, tmp_path: Path) -> None:
    for values in (("NA", "10"), ("1.5", "NA"), ("1.5", "x", "7"), ("x", "1e3")):
        with pytest.raises(MixedColumn):
            least_and_greatest(column(tmp_path, format_, *values), engine)


@every_engine
@every_format
def test_the_least_and_greatest_number_are_given_as_they_are_written(engine: str, format_: str, tmp_path: Path) -> None:
    for values, expected in {
        ("007", "10", "9"): ("007", "10"),
        ("1.50", "+3", "-1e2"): ("-1e2", "+3"),
        ("90071992547409.93", "90071992547409.92"): ("90071992547409.92", "90071992547409.93"),
        ("-9007199254740993", "-9007199254740992", "0.5"): ("-9007199254740993", "0.5"),
        ("123456789012345678901234567891", "123456789012345678901234567890"): (
            "123456789012345678901234567890", "123456789012345678901234567891",
        ),
        ("1.0", "1", "01"): ("01", "1.0"),  # one number: the text decides
        ("b", "a b", "a"): ("a", "b"),
    }.items():  # fmt: skip
        assert least_and_greatest(column(tmp_path, format_, *values), engine) == expected, values


@every_engine
@every_format
def test_null_values_are_missing_for_every_operation_and_copied_as_they_stand(
    engine: str, format_: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path, format_, [*MIXED, {"k": "NA", "v": "NA"}])
    read: dict[str, Any] = {"engine": engine, "read": NA_IS_MISSING}

    copied = result(path, "non_null", columns=["v"], **read)
    keys = result(path, "group_by", by=["k"], **read)
    stats = result(path, "stats", columns=["v"], **read)[0]

    assert [row["v"] for row in copied] == ["10", "9"]
    assert [row["k"] for row in keys] == ["a", None]
    assert [int(stats["count"]), int(stats["nulls"]), float(stats["mean"])] == [2, 2, 9.5]
    assert [row["k"] for row in result(path, "non_null", columns=["v"], engine=engine)] == ["a", "a", "a", "NA"]


@every_engine
@every_format
def test_blank_cells_are_missing_for_every_operation(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(
        tmp_path, format_, [{"k": key, "v": value} for key, value in (("a", "1"), (" ", " \t"), ("", ""))]
    )

    assert len(result(path, "non_null", engine=engine, columns=["k"])) == 1
    assert [row["k"] for row in result(path, "group_by", engine=engine, by=["k"])] == ["a", None]
    stats = result(path, "stats", engine=engine, columns=["v"])[0]
    assert [int(stats["count"]), int(stats["nulls"])] == [1, 2]
    row = result(path, "group_by", engine=engine, by=["k"], aggregations={"v": ["max", "n_unique", "count"]})[1]
    assert [row["v_max"], int(row["v_n_unique"]), int(row["v_count"])] == [None, 0, 0]


@every_engine
def test_what_is_said_of_a_column_holds_for_sums_too(engine: str, tmp_path: Path) -> None:
    path = column(tmp_path, "csv", "1", "2")

    with pytest.raises(NotNumeric, match=r"read\.types that it is text"):
        run(path, "stats", engine=engine, columns=["v"], read=AS_TEXT)
    with pytest.raises(NotNumeric, match="it holds 'x'"):
        least_and_greatest(column(tmp_path, "csv", "x", "y"), engine, read={"types": {"v": "number"}})
    with pytest.raises(UnknownColumn, match="no column 'w'"):
        least_and_greatest(path, engine, read={"types": {"w": "text"}})
    with pytest.raises(UntypedOnly, match="'v' has a type in the file, integer"):
        least_and_greatest(column(tmp_path, "parquet", 1, 2), engine, read=AS_TEXT)


@every_engine
def test_the_answer_tells_as_what_each_column_was_read(engine: str, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"k": "a", "whole": "1", "real": "1.5", "word": "x", "said": "1"},
        {"k": "b", "whole": "2", "real": "2", "word": "y", "said": "y"},
    ]
    path = write_table(tmp_path, "csv", rows)
    asked = {"whole": ["max", "sum"], "real": ["max"], "word": ["min"], "said": ["min"]}

    outcome = run(path, "group_by", engine=engine, by=["k"], aggregations=asked, read={"types": {"said": "text"}})[0]

    assert outcome.read_as == {"k": "text", "whole": "integer", "real": "number", "word": "text", "said": "text"}
    assert run(path, "stats", engine=engine, columns=["whole"])[0].read_as == {"whole": "number"}
    assert run(column(tmp_path, "parquet", 1, 2), "stats", engine=engine, columns=["v"])[0].read_as == {"v": "integer"}


def test_how_to_read_goes_with_the_request_and_its_job(
    client: APIClient, runner: RunningRunner, compute_root: Path
) -> None:
    write_table(compute_root, "csv", MIXED)
    question = {"file_path": "table.csv", "by": ["k"], "aggregations": {"v": ["max"]}}

    refused = ask(client, "group_by", question, wait=True)
    answer = ask(client, "group_by", question | {"read": NA_IS_MISSING}, wait=True).json()

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "aggregations.v")
    assert read_table(compute_root / answer["file_path"]) == [{"k": "a", "v_max": "10"}]
    assert answer["read_as"] == {"k": "text", "v": "integer"}
    assert client.get(f"/api/compute/jobs/{answer['job']}").json()["parameters"]["read"] == NA_IS_MISSING


@pytest.mark.parametrize(
    ("read", "field"),
    [
        ({"nul_values": ["NA"]}, "read.nul_values"),
        ({"types": {"v": "date"}}, "read.types.v"),
        ({"null_values": "NA"}, "read.null_values"),
        ({"null_values": [1, {}]}, "read.null_values.1"),
        ("NA", "read"),
    ],
)
def test_what_is_no_way_to_read_is_refused(client: APIClient, compute_root: Path, read: Any, field: str) -> None:
    write_table(compute_root, "csv", MIXED)

    answer = ask(client, "stats", {"file_path": "table.csv", "columns": ["v"], "read": read})

    assert answer.status_code == 400
    assert json.dumps(answer.json()["errors"]).count(field) > 0


@every_engine
def test_numbers_in_another_notation_are_compared_as_numbers(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("k;v\na;9,5\na;10,5\na;1.000,25\n")
    asked = {"read": {"decimal": ",", "thousands": "."}, "output_format": "json"}
    assert least_and_greatest(path, engine, **asked) == ("9,5", "1.000,25")


@every_engine
@pytest.mark.parametrize("format_", ["json", "parquet", "xml"])
def test_what_is_missing_is_no_greatest_text(engine: str, format_: str, tmp_path: Path) -> None:
    path = column(tmp_path, format_, "b", None, "12")
    assert least_and_greatest(path, engine, read=AS_TEXT) == ("12", "b")
