"""A Parquet file whose footer contradicts itself, or is none, is refused in the same words by all."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import BrokenFile
from tests.compute.tables import ENGINES, run

pytestmark = pytest.mark.parametrize("engine", ENGINES)

ROWS = 7
COUNT_IN_FOOTER = b"\x16\x0e\x19"  # of Thrift: a field of 64 bits, 7, before a list


def _parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"k": ["a"] * ROWS, "x": range(ROWS)}), file)
    return file.getvalue()


@pytest.mark.parametrize("rows", [0, 8, -1])
def test_a_footer_that_counts_other_rows_than_its_row_groups_is_refused(engine: str, rows: int, tmp_path: Path) -> None:
    content = _parquet()
    place = content.index(COUNT_IN_FOOTER, content.index(b"schema"))
    path = tmp_path / "t.parquet"
    path.write_bytes(content[:place] + bytes([0x16, rows * 2 if rows >= 0 else 1]) + content[place + 2 :])

    with pytest.raises(BrokenFile, match=f"its footer says {rows} rows, its row groups hold {ROWS}"):
        run(path, "group_by", engine=engine, by=["k"])


BROKEN = {
    "cut off": lambda content: content[:-100],
    "without end": lambda content: content[:-4],
    "a footer of letters": lambda content: content[:-100] + b"x" * 92 + content[-8:],
    "a footer that is too long": lambda content: content[:-8] + b"\xff\xff\xff\x7fPAR1",
    "a footer of no bytes": lambda content: content[:-8] + b"\0\0\0\0PAR1",
    "a beginning alone": lambda content: content[:8],
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_parquet_file_without_a_sound_footer_is_not_whole(engine: str, case: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(BROKEN[case](_parquet()))

    with pytest.raises(BrokenFile, match=r"^The file cannot be read: it is not a whole Parquet file\.$"):
        run(path, "stats", engine=engine, columns=["x"])


def test_a_writers_name_that_is_no_text_matters_to_nobody(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(_parquet().replace(b"parquet-cpp-arrow", b"parquet-cpp-\xffrrow"))

    assert run(path, "group_by", engine=engine, by=["k"])[0].rows_in == ROWS
