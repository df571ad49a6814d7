"""Files as people have them (tests/data/real_files): each has one right answer, the same on every engine.

`report` in expected.json is the public report of such a file, or of the reader that failed at it; the files are our own.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from compute.files.errors import ComputeError
from tests.compute.tables import ENGINES, read_table, run

FOLDER = Path(__file__).parents[2] / "data" / "real_files"
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / "expected.json").read_text())
CASES = [pytest.param(name, case, id=f"{name}: {case['why']}") for name, cases in EXPECTED.items() for case in cases]
engines = pytest.mark.parametrize("engine", ENGINES)


def copied(name: str, folder: Path) -> Path:
    """The file in a folder of its own, where results can lie beside it."""
    path = folder / name
    path.write_bytes((FOLDER / name).read_bytes())
    return path


def full_column(rows: list[dict[str, Any]]) -> str:
    """A column with a value in every row, so that non_null gives all of them."""
    return next((name for name in rows[0] if all(row[name] is not None for row in rows)), "") if rows else "a"


def test_every_file_has_an_answer_and_a_public_report() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*EXPECTED, "expected.json"}
    assert len(EXPECTED) >= 60
    assert all(case.get("report") for case, *_ in EXPECTED.values()), "each file has the report it was made after"


@engines
@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_file_is_read_as_a_person_would(engine: str, name: str, case: dict[str, Any], tmp_path: Path) -> None:
    path, read = copied(name, tmp_path), {"read": case["read"]} if "read" in case else {}
    asked: dict[str, Any] = {"engine": engine, "output_format": "json", **read}
    if reason := case.get("error"):
        with pytest.raises(ComputeError, match=reason):
            run(path, "non_null", columns=["a"], **asked)
        return

    shown = read_table(run(path, "preview", rows=1000, **asked)[1])
    whole = read_table(run(path, "non_null", columns=[full_column(case["rows"])], **asked)[1])

    assert shown == case["rows"]
    assert whole == case["rows"]


@engines
def test_what_was_detected_is_told_and_can_be_sent_again(engine: str, tmp_path: Path) -> None:
    path = copied("windows_1252.csv", tmp_path)

    outcome = run(path, "non_null", engine=engine, columns=["nom"])[0]
    again = run(path, "non_null", engine=engine, columns=["nom"], read=outcome.reading["read"])[0]

    assert outcome.reading["read"] == {
        "encoding": "cp1252", "delimiter": ";", "quote": '"', "header": True,
    }  # fmt: skip
    assert (outcome.reading["guessed"], again.reading["guessed"]) == (["encoding"], [])
    assert outcome.rows_out == again.rows_out == 2


@engines
def test_rows_that_are_left_out_are_counted_and_the_first_hundred_told(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n3\n" * 150)

    outcome = run(path, "non_null", engine=engine, columns=["a"], read={"on_bad_rows": "skip"})[0]

    assert (outcome.rows_out, outcome.reading["rows_left_out"]) == (150, 150)
    assert len(outcome.reading["left_out"]) == 100
    assert outcome.reading["left_out"][0] == {"line": 3, "text": "3", "reason": "1 cells, the header has 2"}


@engines
@pytest.mark.parametrize(
    ("text", "notation", "total"),
    [
        ("1,5|2,25", {"decimal": ","}, 3.75),
        ("1.234,5|10", {"decimal": ",", "thousands": "."}, 1244.5),
        ("1 234,5|-1", {"decimal": ",", "thousands": " "}, 1233.5),
        ("1\u202f234,5|1", {"decimal": ",", "thousands": "\u202f"}, 1235.5),
        ("1,234.5|1e2", {"thousands": ","}, 1334.5),
        ("12,34,567|3", {"thousands": ","}, 1234570),
        ("1'000|1", {"thousands": "'"}, 1001),
    ],
)
def test_numbers_are_read_in_the_notation_that_is_said(
    engine: str, text: str, notation: dict[str, str], total: float, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k\tv\n" + "".join(f"a\t{value}\n" for value in text.split("|")))
    asked: dict[str, Any] = {
        "engine": engine,
        "by": ["k"],
        "aggregations": {"v": ["sum", "min", "max"]},
        "output_format": "json",
    }

    row = read_table(run(path, "group_by", **asked, read=notation)[1])[0]

    assert float(row["v_sum"]) == total
    assert {row["v_min"], row["v_max"]} == set(text.split("|"))
    with pytest.raises(ComputeError, match="is a number, send"):
        run(path, "stats", engine=engine, columns=["v"])


@engines
def test_what_is_no_number_in_the_notation_is_refused(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for wrong in ("1.5", "1,2,3", "12.34,5"):
        path.write_text(f"v;w\n1,5;1\n{wrong};1\n")
        with pytest.raises(ComputeError, match=f"it holds '{wrong}'"):
            run(path, "stats", engine=engine, columns=["v"], read={"decimal": ","})


@engines
def test_a_guess_is_made_from_the_whole_file_not_from_its_beginning(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"k,x\n" + b"a,1\n" * 700_000 + "é,1\n".encode("cp1252"))

    rows = read_table(run(path, "group_by", engine="duckdb", by=["k"])[1])

    assert {row["k"]: row["count"] for row in rows} == {"a": "700000", "é": "1"}


@engines
def test_a_column_that_comes_late_is_a_column_of_xml(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "t.xml"
    path.write_text("<r>" + "<x><a>1</a></x>" * 40_000 + "<x><a>2</a><b>3</b></x></r>")

    rows = read_table(run(path, "non_null", engine=engine, columns=["b"], output_format="json")[1])

    assert rows == [{"a": "2", "b": "3"}]
