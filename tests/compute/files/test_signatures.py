"""A file that is something else than its name says is refused with what it is, and what helps."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.files.errors import BrokenFile
from tests.compute.tables import ENGINES, result, run

pytestmark = pytest.mark.parametrize("engine", ENGINES)

TEXT_FORMATS = ("csv", "tsv", "json", "jsonl", "xml")
TABLE = "k,x\nä,1\n"


def _zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, TABLE)
    return file.getvalue()


def _parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"k": ["a"], "x": [1]}), file)
    return file.getvalue()


PACKED = {
    "gzip": gzip.compress(TABLE.encode()),
    "bzip2": bz2.compress(TABLE.encode()),
    "xz": lzma.compress(TABLE.encode()),
    "Zstandard": pa.Codec("zstd").compress(TABLE.encode(), asbytes=True),
    "ZIP": _zip("t.csv"),
    "ZIP of a Mac": _zip("t.csv", "__MACOSX/._t.csv"),
}


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zip", "t"])
@pytest.mark.parametrize("case", PACKED)
def test_what_is_packed_is_unpacked_whatever_its_name_says(engine: str, case: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(PACKED[case])

    assert result(path, "non_null", engine=engine, columns=["k"]) == [{"k": "ä", "x": "1"}]


NOT_UNPACKED = {
    "packed twice": (gzip.compress(gzip.compress(TABLE.encode())), "compressed twice. Decompress it once"),
    "cut off": (bz2.compress(TABLE.encode())[:-4], "it is cut off; upload it again"),
    "damaged": (lzma.compress(TABLE.encode() * 99)[:40] + bytes(60), "compress it again with xz"),
    "several members": (_zip("a.csv", "b.csv"), "holds 2 files: a.csv, b.csv. Compress a single file"),
    "no member": (_zip("__MACOSX/._t.csv"), "holds no file"),
}


@pytest.mark.parametrize("case", NOT_UNPACKED)
def test_what_cannot_be_unpacked_is_refused_with_the_reason(engine: str, case: str, tmp_path: Path) -> None:
    content, reason = NOT_UNPACKED[case]
    path = tmp_path / "t.csv"
    path.write_bytes(content)

    with pytest.raises(BrokenFile, match=reason):
        run(path, "non_null", engine=engine, columns=["k"])


OTHERS = {
    "parquet": (_parquet(), "is a Parquet file"),
    "xlsx": (_zip("[Content_Types].xml", "xl/workbook.xml"), "is an Excel workbook"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an old Excel workbook"),
}


@pytest.mark.parametrize("format_", TEXT_FORMATS)
@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_text_is_told_by_what_it_is(engine: str, case: str, format_: str, tmp_path: Path) -> None:
    content, reason = OTHERS[case]
    path = tmp_path / f"t.{format_}"
    path.write_bytes(content)

    with pytest.raises(BrokenFile, match=f'{reason}. Send "input_format": "{case}"'):
        run(path, "non_null", engine=engine, columns=["k"])


WIDE = {
    "UTF-16": codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
    "UTF-16, the other way": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    "UTF-32": codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"),
    "UTF-16LE without mark": TABLE.encode("utf-16-le"),
    "UTF-16BE without mark": TABLE.encode("utf-16-be"),
    "UTF-32LE without mark": TABLE.encode("utf-32-le"),
    "UTF-32BE without mark": TABLE.encode("utf-32-be"),
}


@pytest.mark.parametrize("case", WIDE)
def test_text_of_wide_characters_is_read(engine: str, case: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(WIDE[case])

    assert result(path, "non_null", engine=engine, columns=["k"]) == [{"k": "ä", "x": "1"}]


NO_PARQUET = {
    "CSV": (TABLE.encode(), 'text, not Parquet. If it is CSV, send "input_format": "csv"'),
    "JSON": (b'[{"a": 1}]', 'If it is JSON, send "input_format": "json"'),
    "JSON lines": (b'{"a": 1}\n', 'If it is JSON, send "input_format": "json"'),
    "XML": (b"\xef\xbb\xbf<r/>", 'If it is XML, send "input_format": "xml"'),
    "gzip": (gzip.compress(b"a"), 'text, not Parquet. If it is CSV, send "input_format": "csv"'),
    "bytes": (bytes(range(256)), "is not a whole Parquet file"),
    "encrypted": (b"PARE" + bytes(100) + b"PARE", "is an encrypted Parquet file"),
}


@pytest.mark.parametrize("case", NO_PARQUET)
def test_what_is_no_parquet_is_told_by_what_it_is(engine: str, case: str, tmp_path: Path) -> None:
    content, reason = NO_PARQUET[case]
    path = tmp_path / "t.parquet"
    path.write_bytes(content)

    with pytest.raises(BrokenFile, match=reason):
        run(path, "non_null", engine=engine, columns=["k"])


@pytest.mark.parametrize("name", ["PAR1", "BZh9", "PK", "PARE"])
def test_a_name_that_looks_like_a_signature_is_a_name(engine: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{name},x\n1,2\n")

    assert result(path, "non_null", engine=engine, columns=[name]) == [{name: "1", "x": "2"}]
