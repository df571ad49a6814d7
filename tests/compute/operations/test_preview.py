"""preview: any page of the rows that fit, in any order, the same on every engine and from every format."""

from pathlib import Path
from typing import Any

import pytest

from compute.files.errors import NotNumeric, NotSortable
from compute.operations import preview as previews
from compute.reading import prepare_text
from tests.compute.tables import ENGINES, FORMATS, read_table, result, run, write_table

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_format = pytest.mark.parametrize("format_", FORMATS)
ROWS: list[dict[str, Any]] = [{"n": str(n), "half": n / 2 if n % 5 else None, "word": f"w{n % 3}"} for n in range(20)]
OVER_5 = [{"column": "half", "op": ">", "value": 5}]
BY_WORD = [{"column": "word", "descending": True}]


def shown(path: Path, engine: str, **asked: Any) -> list[str]:
    rows = result(path, "preview", engine=engine, output_format="json", **{"rows": 3, **asked})
    return [row["n"] for row in rows]


@every_engine
@every_format
def test_a_page_of_rows_is_shown(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, ROWS)
    assert shown(path, engine) == ["0", "1", "2"]
    assert shown(path, engine, offset=18) == ["18", "19"]
    assert shown(path, engine, offset=99) == []
    assert shown(path, engine, where=OVER_5, offset=3) == ["14", "16", "17"]
    assert shown(path, engine, sort=BY_WORD, offset=5) == ["17", "1", "4"]
    assert shown(path, engine, where=OVER_5, sort=BY_WORD) == ["11", "14", "17"]
    assert shown(path, engine, sort=[{"column": "half"}], rows=20)[-4:] == ["0", "5", "10", "15"]


@every_engine
def test_rows_far_behind_the_first_ones_are_read_by_the_engine(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "MOST_FIRST_ROWS", 5)
    path = write_table(tmp_path, "csv", ROWS)
    assert shown(path, engine, offset=10) == ["10", "11", "12"]


def test_a_column_of_numbers_and_words_is_sorted_by_its_text(tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", [{"n": n} for n in ("10", "x", "9", "")])
    assert shown(path, "duckdb", sort=[{"column": "n"}], rows=4)[:3] == ["10", "9", "x"]


def test_what_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", ROWS)
    with pytest.raises(NotSortable):
        shown(path, "duckdb", sort=[{"column": "nothing"}])
    with pytest.raises(NotNumeric):
        shown(path, "duckdb", where=[{"column": "word", "op": ">", "value": 5}])


def test_the_encoding_of_a_large_file_is_guessed_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare_text, "MOST_PREVIEW_BYTES", 300_000)
    path = tmp_path / "large.csv"
    path.write_bytes(b"n,word\n" + b"1,plain\n" * 100_000 + "2,Nîmes\n".encode("cp1252"))
    looked_at, _ = run(path, "preview", rows=2, output_format="json")
    counted, _ = run(path, "group_by", by=["word"], aggregations={})
    assert (looked_at.reading["read"]["encoding"], looked_at.reading["guessed"]) == ("utf-8", ["encoding"])
    assert counted.reading["read"]["encoding"] == "cp1252"


@every_engine
@every_format
def test_a_sample_is_profiled_like_the_whole(engine: str, format_: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, format_, ROWS)
    _, written = run(path, "profile_sample", engine=engine, columns=["half"], rows=10, output_format="json")
    (half,) = read_table(written)
    assert (half["column"], half["count"], half["nulls"], float(half["max"])) == ("half", 8, 2, 4.5)


@every_engine
def test_whole_rows_may_be_asked_for_without_a_column(engine: str, tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", ROWS)
    rows = result(path, "non_null", engine=engine, columns=[], where=OVER_5, limit=2)
    assert [row["n"] for row in rows] == ["11", "12"]
