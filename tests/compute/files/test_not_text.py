"""A CSV is text as a whole, also where nothing is asked for: every engine refuses what is not, and says at which byte."""

import gzip
from pathlib import Path

import pytest

from compute.files.errors import BrokenFile, ComputeError
from tests.compute.tables import ENGINES, run

pytestmark = pytest.mark.parametrize("engine", ENGINES)

HEAD = b"k,x,note\n"
ROW = b"a,1,%994d\n" % 1
BEHIND_THE_FIRST_LOOK = 1500 * ROW  # 1.5 MB, one region of DuckDB's
BEHIND_THE_FIRST_REGION = 3500 * ROW
NOT_TEXT = {
    "damaged UTF-8": (b"b,2,caf\xc3\xa9\xe9\n", 9, "is not UTF-8: byte {} is 0xe9"),
    "damaged UTF-8 in quotes": (b'b,2,"caf\xc3\xa9\xe9"\n', 10, "is not UTF-8: byte {} is 0xe9"),
    "half a surrogate pair": (b"b,2,\xed\xa0\x80\n", 4, "is not UTF-8: byte {} is 0xed"),
    "a character that is cut off": (b"b,2,caf\xc3", 7, "is not UTF-8: byte {} is 0xc3"),
    "NUL": (b"b,2,x\x00\n", 5, "holds a NUL character, at byte {}"),
    "NUL in quotes": (b'b,2,"x\x00"\n', 6, "holds a NUL character, at byte {}"),
}


@pytest.mark.parametrize("before", [b"", BEHIND_THE_FIRST_LOOK, BEHIND_THE_FIRST_REGION], ids=["first", "late", "last"])
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("case", NOT_TEXT)
def test_bytes_that_are_not_text_are_found_in_columns_that_are_not_asked_for(
    engine: str, before: bytes, is_packed: bool, case: str, tmp_path: Path
) -> None:
    row, place, reason = NOT_TEXT[case]
    content = HEAD + before + row
    path = tmp_path / ("t.csv.gz" if is_packed else "t.csv")
    path.write_bytes(gzip.compress(content, compresslevel=1) if is_packed else content)
    offset = len(HEAD) + len(before) + place

    with pytest.raises(BrokenFile, match=reason.format(offset)):
        run(path, "group_by", engine=engine, by=["k"], aggregations={"x": ["sum"]})


def test_what_is_not_text_is_told_before_what_else_is_wrong(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(HEAD + b"a,word,\n" + BEHIND_THE_FIRST_LOOK + b"b,2,caf\xc3\xa9\xe9\n")

    with pytest.raises(ComputeError, match=f"byte {len(HEAD) + 8 + len(BEHIND_THE_FIRST_LOOK) + 9} is 0xe9"):
        run(path, "stats", engine=engine, columns=["x"])
    with pytest.raises(ComputeError, match="is not UTF-8"):
        run(path, "stats", engine=engine, columns=["y"])


@pytest.mark.parametrize("before", [b"", BEHIND_THE_FIRST_LOOK], ids=["first", "late"])
def test_the_encoding_of_what_is_not_utf_8_is_guessed_and_that_is_told(
    engine: str, before: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(HEAD + before + b"caf\xe9,1,x\n")

    outcome, written = run(path, "group_by", engine=engine, by=["k"])

    assert "café" in written.read_text()
    assert (outcome.reading["read"]["encoding"], outcome.reading["guessed"]) == ("cp1252", ["encoding"])


def test_characters_that_lie_across_pieces_are_whole(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(HEAD + "a,1,日本語🛩\n".encode() * 60_000)

    assert run(path, "non_null", engine=engine, columns=["note"])[0].rows_out == 60_000
