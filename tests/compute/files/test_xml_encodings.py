"""XML is read in the encoding that it is in: by its byte order mark, its first bytes, or the name in its declaration."""

import codecs
from pathlib import Path

import pytest

from compute.files.errors import BrokenFile
from tests.compute.tables import ENGINES, result, run

pytestmark = pytest.mark.parametrize("engine", ENGINES)

DECLARED = {
    "UTF-8": "é 日本 🛩", "UTF-16": "é 日本 🛩", "UTF-32": "é 日本 🛩", "UTF-16LE": "日本", "UTF-32BE": "日本",
    "ISO-8859-1": "é", "latin1": "é", "ISO-8859-15": "€", "windows-1250": "č", "windows-1251": "я", "windows-1252": "“é”",
    "KOI8-R": "я", "US-ASCII": "e", "Shift_JIS": "日本 ソ", "cp932": "①", "EUC-JP": "日本", "ISO-2022-JP": "日本",
    "GB2312": "中文", "GBK": "中文", "GB18030": "中文 🛩", "Big5": "中文", "EUC-KR": "한국", "IBM037": "é", "macintosh": "é",
}  # fmt: skip
ROWS = 3_000  # more than one piece


def _document(encoding: str, text: str, *, rows: int = ROWS) -> str:
    row = f"<row><a>{text}</a><ä>1</ä></row>" if encoding in ("UTF-8", "UTF-16") else f"<row><a>{text}</a></row>"
    return f'<?xml version="1.0" encoding="{encoding}"?>\n<rows>{row * rows}</rows>'


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "t.xml"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", DECLARED)
def test_a_document_is_read_in_the_encoding_that_it_declares(engine: str, encoding: str, tmp_path: Path) -> None:
    path = _file(tmp_path, _document(encoding, DECLARED[encoding]).encode(encoding))

    groups = result(path, "group_by", engine=engine, by=["a"])

    assert groups == [{"a": DECLARED[encoding], "count": str(ROWS)}]


MARKED = {
    "UTF-8": (codecs.BOM_UTF8, "utf-8"),
    "UTF-16LE": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "UTF-16BE": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "UTF-32LE": (codecs.BOM_UTF32_LE, "utf-32-le"),
    "UTF-32BE": (codecs.BOM_UTF32_BE, "utf-32-be"),
}


@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="ISO-8859-1"?>'])
@pytest.mark.parametrize("case", MARKED)
def test_the_byte_order_mark_is_believed_first(engine: str, case: str, declaration: str, tmp_path: Path) -> None:
    mark, codec = MARKED[case]
    path = _file(tmp_path, mark + f"{declaration}<r><x><a>é</a></x></r>".encode(codec))

    assert result(path, "non_null", engine=engine, columns=["a"]) == [{"a": "é"}]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_are_known_without_mark_and_declaration(engine: str, codec: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "\n<r><x><a>é</a></x></r>".encode(codec))

    assert result(path, "non_null", engine=engine, columns=["a"]) == [{"a": "é"}]


UNKNOWN = ["x-unknown", "base64", "zlib", "rot13", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined",
           "utf-7", "mbcs", "../utf_8", "é", "", "n" * 900]  # fmt: skip


@pytest.mark.parametrize("encoding", UNKNOWN)
def test_an_unknown_encoding_is_refused_by_its_name(engine: str, encoding: str, tmp_path: Path) -> None:
    path = _file(tmp_path, _document(encoding, "1", rows=1).encode("latin-1"))

    with pytest.raises(
        BrokenFile, match=f"names the encoding '{encoding[:70]}.*which is not known. Save the file as"
    ) as caught:
        run(path, "non_null", engine=engine, columns=["a"])

    assert len(caught.value.detail) < 300


@pytest.mark.parametrize("encoding", ["UTF-16", "utf-32le"])
def test_a_declaration_of_wide_characters_that_are_not_there_is_refused(
    engine: str, encoding: str, tmp_path: Path
) -> None:
    path = _file(tmp_path, _document(encoding, "1", rows=1).encode())

    with pytest.raises(BrokenFile, match="but the file is not in it"):
        run(path, "non_null", engine=engine, columns=["a"])


@pytest.mark.parametrize(
    ("encoding", "wrong"),
    [("Shift_JIS", b"\x81\xff"), ("GBK", b"\xff"), ("EUC-JP", b"\xa4\xff"), ("US-ASCII", b"\xe9")],
)
def test_bytes_that_are_not_of_the_encoding_are_told_by_their_place(
    engine: str, encoding: str, wrong: bytes, tmp_path: Path
) -> None:
    before, text = (
        _document(encoding, "é" if encoding == "UTF-8" else "1").encode(encoding).split(b"</rows>")[0],
        b"<row><a>",
    )
    path = _file(tmp_path, before + text + wrong + b"</a></row></rows>")

    with pytest.raises(BrokenFile, match=f"'{encoding}': byte {len(before + text)} is 0x{wrong[0]:02x}. Correct the"):
        run(path, "non_null", engine=engine, columns=["a"])


@pytest.mark.parametrize("piece_ends", range(-2, 3))
def test_undeclared_bytes_that_are_not_utf_8_are_told_by_their_place(
    engine: str, piece_ends: int, tmp_path: Path
) -> None:
    before = b"<r><x><a>" + b"x" * (64 * 1024 - 9 + piece_ends)
    path = _file(tmp_path, before + b"\xe6\x97</a></x></r>")

    with pytest.raises(BrokenFile, match=f"not UTF-8: byte {len(before)} is 0xe6.* name that encoding in the XML decl"):
        run(path, "non_null", engine=engine, columns=["a"])


def test_half_a_character_at_the_end_is_refused(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, codecs.BOM_UTF16_LE + "<r><x><a>é</a></x></r>".encode("utf-16-le") + b"<")

    with pytest.raises(BrokenFile, match="begins in UTF-16-LE, but byte 46 is 0x3c"):
        run(path, "non_null", engine=engine, columns=["a"])
