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


OTHERS = {
    "gzip": (gzip.compress(TABLE.encode()), r"is packed with gzip\. Give it a name that ends with \.{format}\.gz"),
    "bzip2": (bz2.compress(TABLE.encode()), "is packed with bzip2. Unpack it with bunzip2"),
    "xz": (lzma.compress(TABLE.encode()), "is packed with xz. Unpack it with unxz"),
    "Zstandard": (pa.Codec("zstd").compress(TABLE.encode(), asbytes=True), "is packed with Zstandard. Unpack it with unzstd"),
    "ZIP": (_zip("t.csv"), "is a ZIP archive. Unpack it"),
    "Excel": (_zip("[Content_Types].xml", "xl/workbook.xml"), 'is an Excel workbook. Save it as "CSV UTF-8"'),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), 'is an old Excel workbook. Save it as "CSV UTF-8"'),
}  # fmt: skip


@pytest.mark.parametrize("format_", [*TEXT_FORMATS, "csv.gz"])
@pytest.mark.parametrize("case", [*OTHERS, "Parquet"])
def test_what_is_no_text_is_told_by_what_it_is(engine: str, case: str, format_: str, tmp_path: Path) -> None:
    content, reason = OTHERS.get(case, (_parquet(), 'is a Parquet file. Send "input_format": "parquet"'))
    if format_ == "csv.gz":
        content = gzip.compress(content)
        reason = "is packed with gzip twice. Unpack it once" if case == "gzip" else reason
    path = tmp_path / f"t.{format_}"
    path.write_bytes(content)

    with pytest.raises(BrokenFile, match=reason.format(format=format_)):
        run(path, "non_null", engine=engine, columns=["k"], input_format=format_.removesuffix(".gz"))


WIDE = {
    "UTF-16": (codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"), "UTF-16"),
    "UTF-16, the other way": (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "UTF-16"),
    "UTF-32": (codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"), "UTF-32"),
    "UTF-16LE without mark": (TABLE.encode("utf-16-le"), "UTF-16LE"),
    "UTF-16BE without mark": (TABLE.encode("utf-16-be"), "UTF-16BE"),
    "UTF-32LE without mark": (TABLE.encode("utf-32-le"), "UTF-32LE"),
    "UTF-32BE without mark": (TABLE.encode("utf-32-be"), "UTF-32BE"),
}


@pytest.mark.parametrize("format_", ["csv", "tsv", "json", "jsonl", "parquet"])
@pytest.mark.parametrize("case", WIDE)
def test_text_of_wide_characters_is_told_with_the_command_that_converts_it(
    engine: str, case: str, format_: str, tmp_path: Path
) -> None:
    content, encoding = WIDE[case]
    path = tmp_path / f"t.{format_}"
    path.write_bytes(content)

    with pytest.raises(BrokenFile, match=f"is text in {encoding}.*iconv -f {encoding} -t UTF-8"):
        run(path, "non_null", engine=engine, columns=["k"])


NO_PARQUET = {
    "CSV": (TABLE.encode(), 'text, not Parquet. If it is CSV, send "input_format": "csv"'),
    "JSON": (b'[{"a": 1}]', 'If it is JSON, send "input_format": "json"'),
    "JSON lines": (b'{"a": 1}\n', 'If it is JSON, send "input_format": "json"'),
    "XML": (b"\xef\xbb\xbf<r/>", 'If it is XML, send "input_format": "xml"'),
    "gzip": (gzip.compress(b"a"), "Unpack it with gunzip; Parquet is compressed inside"),
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
