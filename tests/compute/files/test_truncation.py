"""Nothing is lost or invented where engines have been seen to do so: at the end of files, and where rows are told apart."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from compute.files.errors import BrokenFile
from compute.files.formats import Format, Source
from compute.files.truncation import REGION_BYTES, checked
from tests.compute.tables import ENGINES, packed, result, run

every_engine = pytest.mark.parametrize("engine", ENGINES)
MB = 1_000_000


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@every_engine
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize(
    "content",
    [
        b"a\n" + b"x" * 20 * MB,
        b"a\n1\n" + b"x" * 9 * MB + b"\n",
        b"a\n" + (b"y" * 999 + b"\n") * 3000 + b"x" * 9 * MB,
        b"a\n1\n" + b"x" * 3 * MB + b"\n2\n",
        b'a\n1\n"' + (b"x" * 99 + b"\n") * 40_000 + b'"\n',
        b"a\n1\n" + b"x" * 9 * MB + b"\n2\n",
    ],
    ids=["all", "with a line end", "last", "in the middle", "quoted", "beyond the buffer"],
)
def test_a_row_that_is_too_long_is_refused(engine: str, is_packed: bool, content: bytes, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", content)
    path = packed(path) if is_packed else path

    with pytest.raises(BrokenFile, match="cannot be read"):
        run(path, "group_by", engine=engine, by=["a"])


def _at_the_last_region(content: bytes) -> bytes:
    """Rows such that a region of DuckDB's ends three bytes into `content`."""
    head, row = b"a,b\r\n", b"1234567,".ljust(1000, b"8") + b"\r\n"
    rows = head + row * (REGION_BYTES // len(row) - 1)
    return rows + b"x" * (REGION_BYTES - 3 - len(rows) - 4) + b",y\r\n" + content


DECEPTIVE: dict[str, Callable[[], bytes]] = {
    "DuckDB alone loses the last row": lambda: _at_the_last_region(b',b\r\n"\n\nbx",900506\r\nw,wwwwwwwwwwww'),
    "DuckDB alone refuses the file": lambda: b"a,b\r\n" + b'1,"\r\n2,%090d\r\n4,%090d\r\n"\r\n' % (3, 5) * 22_000,
}


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("case", DECEPTIVE)
def test_line_breaks_in_quotes_deceive_nobody(case: str, is_packed: bool, tmp_path: Path) -> None:
    content = DECEPTIVE[case]()
    path = _file(tmp_path, "t.csv", content)
    path = packed(path) if is_packed else path

    outcome, written = run(path, "non_null", columns=["a", "b"])

    with io.TextIOWrapper(io.BytesIO(content), newline="") as text:
        rows = list(csv.reader(text))[1:]
    assert outcome.rows_in == len(rows)
    with written.open(newline="") as result_text:
        assert list(csv.reader(result_text))[1:] == [row for row in rows if all(row)]


def test_a_quote_that_stays_open_is_found_at_the_end_of_a_large_file(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", b"a,b\n" + b'1,"%0999d\n"\n' % 1 * 3000 + b'3,"x\ny\n')

    with pytest.raises(BrokenFile, match=r"line 6002: unexpected end of data"):
        run(path, "non_null", columns=["a"])


@every_engine
@pytest.mark.parametrize("header", ['"a\nb"', '"a\r\nb"', '"a\rb"', "a"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["3", "", '"3"'])
def test_every_line_end_is_one(engine: str, header: str, end: str, last: str, tmp_path: Path) -> None:
    path = _file(
        tmp_path, "t.csv", end.join([f"{header},b", "1,x", '"2","y\nz"', f"{last},", ""])[: -len(end)].encode()
    )

    rows = result(path, "non_null", engine=engine, columns=[header.strip('"')], output_format="json")

    assert [row[header.strip('"')] for row in rows] == ["1", "2", "3"][: 3 if last else 2]


MIXED = [
    b"a\n1\r\n2\n",
    b"a\r\n1\n2\r\n",
    b"a\n\r\n1\n2\n",
    b"a\r\n1\r\n\n2\r\n",
    b"a\r1\r\n2\r",
    b"a\n1\r2\n",
]


@every_engine
@pytest.mark.parametrize("behind", [b"", b"1000000\n" * 300_000], ids=["first", "in two regions"])
@pytest.mark.parametrize("content", MIXED)
def test_line_ends_of_all_kinds_end_lines(engine: str, content: bytes, behind: bytes, tmp_path: Path) -> None:
    if behind and engine == "pandas":
        pytest.skip("it reads in one region")
    rows = result(_file(tmp_path, "t.csv", content + behind), "group_by", engine=engine, by=["a"])

    counts = {row["a"]: int(row["count"]) for row in rows}
    assert {key: counts[key] for key in ("1", "2")} == {"1": 1, "2": 1}
    assert counts.get("1000000", 0) == behind.count(b"\n")


CUT = {
    "list": ("json", b'[{"a": 1}, {"a": 2},\n'),
    "lines": ("jsonl", b'{"a": 1}\n{"a": 2'),
    "one byte": ("jsonl", b"{"),
    "packed": ("csv.gz", gzip.compress(b"a\n" + (b"y" * 999 + b"\n") * 3000)[:-100]),
    "packed lines": ("jsonl.gz", gzip.compress(b'{"a": "%s"}\n' % (b"y" * 999) * 3000)[:-100]),
}


@every_engine
@pytest.mark.parametrize("case", CUT)
def test_a_file_that_was_cut_off_is_refused(engine: str, case: str, tmp_path: Path) -> None:
    suffix, content = CUT[case]

    with pytest.raises(BrokenFile):
        run(_file(tmp_path, f"t.{suffix}", content), "non_null", engine=engine, columns=["a"])


@every_engine
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_packed_file_with_a_flipped_bit_is_refused(engine: str, suffix: str, tmp_path: Path) -> None:
    lines = b"a\n" + b"%01000d\n" % 1 * 3000 if suffix == "csv" else b'{"a": "%01000d"}\n' % 1 * 3000
    content = bytearray(gzip.compress(lines))
    content[-6] ^= 4  # in the checksum: what is unpacked looks good

    with pytest.raises(BrokenFile, match="CRC"):
        run(_file(tmp_path, f"t.{suffix}.gz", bytes(content)), "stats", engine=engine, columns=["a"])


@every_engine
def test_a_byte_order_mark_before_lines_of_json_is_fine(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.jsonl", b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n')

    assert result(path, "non_null", engine=engine, columns=["a"]) == [{"a": 1}, {"a": 2}]


def test_a_file_that_is_refused_is_closed_while_the_refusal_is_still_told(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.json", b"[\x0c]")

    with pytest.raises(BrokenFile) as refusal, checked(Source(path, Format.JSON, Format.JSON)) as check:
        check.finish()

    assert refusal.tb  # it holds the frames that read
    assert str(path) not in [each.path for each in psutil.Process().open_files()]
