"""Reading a CSV file: dialects, line numbers, raw text, and files that are not usable."""

import bz2
import gzip
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from compute.reading.csv_file import CsvFile, open_csv
from config.api.imports.exceptions import FileMissing, FileOutsideRoots, UnusableCsv

WANTED = ("id", "name")


def open_lines(tmp_path: Path, content: bytes) -> CsvFile:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    return open_csv(str(path), name="the_file", wanted=WANTED, roots=None)


def records_of(tmp_path: Path, content: bytes) -> list[tuple[int, list[str]]]:
    with open_lines(tmp_path, content) as file:
        return [(line, fields) for line, fields, _ in file.records()]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_detects_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    content = f"id{delimiter}name\n1{delimiter}a\n".encode()
    assert records_of(tmp_path, content) == [(2, ["1", "a"])]


def test_a_delimiter_in_a_quoted_header_does_not_mislead(tmp_path: Path) -> None:
    assert records_of(tmp_path, b'"id";"name";"a,b,c,d"\n1;x;y\n') == [(2, ["1", "x", "y"])]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_reads_utf8_with_or_without_bom_and_either_line_ending(tmp_path: Path, bom: bytes, ending: bytes) -> None:
    content = bom + ending.join([b"id;name", "1;Fréjus".encode(), b""])
    assert records_of(tmp_path, content) == [(2, ["1", "Fréjus"])]


def test_finds_columns_in_any_order_among_others(tmp_path: Path) -> None:
    with open_lines(tmp_path, b"extra;Name; id \nx;a;1\n") as file:
        assert file.positions == {"id": 2, "name": 1}


def test_line_numbers_are_those_of_the_file_after_quoted_line_breaks(tmp_path: Path) -> None:
    content = b'id;name\n1;"a\nb\r\nc"\n\n2;d\n'
    assert records_of(tmp_path, content) == [(2, ["1", "a\nb\r\nc"]), (5, []), (6, ["2", "d"])]


def test_blank_lines_before_the_header_count(tmp_path: Path) -> None:
    assert records_of(tmp_path, b"\n\nid;name\n1;a\n") == [(4, ["1", "a"])]


def test_a_record_read_again_has_its_raw_text(tmp_path: Path) -> None:
    with open_lines(tmp_path, 'id;name\n1;"é\n;b"\r\n2;c\n3;"d""e"\n'.encode()) as file:
        file.rewind()
        found = [(file.record_at(line)[1], file.raw) for line in (2, 5)]
    assert found == [(["1", "é\n;b"], '1;"é\n;b"'), (["3", 'd"e'], '3;"d""e"')]


def test_a_stray_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    with open_lines(tmp_path, b'id;name\n1;"open\n2;b\n3;"c"\n4;d\n') as file:
        records = list(file.records())
    assert [line for line, _, fault in records if fault] == [2]
    assert [record[:2] for record in records[1:]] == [(3, ["2", "b"]), (4, ["3", "c"]), (5, ["4", "d"])]


def test_a_record_of_endless_lines_costs_its_own_row_only(tmp_path: Path) -> None:
    lines = [b'a";"c;1' if number % 2 else b'"b;2' for number in range(2_000)]
    with open_lines(tmp_path, b"id;name\n" + b'1;"open\n' + b"\n".join([b"2;b"] * 5_000) + b"\n") as file:
        records = list(file.records())
        assert (len(records), records[0][2]) == (
            5_001, "a quoted cell does not end within 100 lines; close the quote",
        )  # fmt: skip
        file.rewind()
        assert [file.record_at(line)[1] for line in (2, 3, 5_002)] == [[], ["2", "b"], ["2", "b"]]
    with open_lines(tmp_path, b"id;name\n" + b"\n".join(lines) + b"\n") as file:
        assert [line for line, _, _ in file.records()][-1] <= 2_001


def test_lines_that_are_skipped_are_not_kept(tmp_path: Path) -> None:
    with open_lines(tmp_path, b"id;name\n" + b"1;a\n" * 200_000) as file:
        file.rewind()
        tracemalloc.start()
        assert file.record_at(200_001)[1] == ["1", "a"]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2 * 1024**2


def test_a_quote_open_to_the_end_costs_its_own_row_only(tmp_path: Path) -> None:
    with open_lines(tmp_path, b'id;name\n1;a\n2;"open\n3;b\n4;c') as file:
        assert [(line, bool(fault)) for line, _, fault in file.records()] == [
            (2, False), (3, True), (4, False), (5, False),
        ]  # fmt: skip
        file.rewind()
        assert (bool(file.record_at(3)[2]), file.raw) == (True, '2;"open')
        assert file.record_at(4)[1] == ["3", "b"]


def test_many_stray_quotes_are_read_in_a_time_that_grows_with_the_file(tmp_path: Path) -> None:
    lines = b'1;"open "x\n2;b\n' * 50_000
    with open_lines(tmp_path, b"id;name\n" + lines) as file:
        assert sum(not fault for _, _, fault in file.records()) == 50_000


def test_damaged_utf_8_is_refused_with_its_byte(tmp_path: Path) -> None:
    content = "id;name\n1;é€é\n2;Fr".encode() + b"\xe9jus\n"
    with pytest.raises(UnusableCsv, match=f"byte {content.index(0xE9)} is 0xe9"):
        open_lines(tmp_path, content)


TEXT = "id;name\n1;Fréjus\n2;Orléans\n"
ROWS = [(2, ["1", "Fréjus"]), (3, ["2", "Orléans"])]


def zipped(content: bytes, *names: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "read_as"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("cp1252"), "cp1252, a guess"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (gzip.compress(TEXT.encode()), "utf-8"),
        (gzip.compress(TEXT.encode("cp1252")), "cp1252, a guess"),
        (bz2.compress(TEXT.encode()), "utf-8"),
        (zipped(TEXT.encode(), "export/file.csv"), "utf-8"),
    ],
    ids=["utf-8", "cp1252", "utf-16", "gzip", "gzip of cp1252", "bzip2", "zip"],
)
def test_any_encoding_and_packing_is_read_and_told(tmp_path: Path, content: bytes, read_as: str) -> None:
    assert records_of(tmp_path, content) == ROWS
    with open_lines(tmp_path, content) as file:
        assert file.read_as == read_as


def test_nothing_is_left_of_a_copy(tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_UPLOADS = str(tmp_path / "copies")
    with open_lines(tmp_path, gzip.compress(TEXT.encode("utf-16"))):
        assert [each.name for each in (tmp_path / "copies").rglob("*") if each.is_file()] == ["as-utf-8"]
    with pytest.raises(UnusableCsv):
        open_lines(tmp_path, gzip.compress(b"a;b\n"))
    assert list((tmp_path / "copies").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped(TEXT.encode(), "a.csv", "b.csv"), "holds 2 files"),
        (gzip.compress(TEXT.encode())[:-6], "cut off"),
        (gzip.compress(gzip.compress(TEXT.encode())), "compressed twice"),
        (b"PAR1\0\0\0\0", "not CSV or a workbook"),
        ("id;name\n1;é\n".encode("cp1252") * 9_000 + b"\x81", r"byte 108000 is 0x81\. Save it as UTF-8\."),
    ],
    ids=["zip of two", "cut off", "twice", "parquet", "a byte of no encoding"],
)
def test_a_packing_of_no_use_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UnusableCsv, match=f"the_file: .*{says}"):
        open_lines(tmp_path, content)


def test_what_unpacks_to_more_than_an_upload_may_have_is_refused(tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_MAX_UPLOAD = 5_000_000
    bomb = gzip.compress(b"id;name\n" + b"1;a\n" * 2_000_000)
    with pytest.raises(UnusableCsv, match="More than 5000000 bytes"):
        open_lines(tmp_path, bomb)


def test_a_workbook_gives_the_sheet_that_has_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    tables: dict[str, list[list[Any]]] = {
        "Notes": [["read me"]],
        "People": [["Name", "id"], ["Zoé", 1], ["x;", 2.0]],
    }
    with xlsxwriter.Workbook(path) as book:
        for name, rows in tables.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    with open_csv(str(path), name="the_file", wanted=WANTED, roots=None) as file:
        assert [(line, fields) for line, fields, _ in file.records()] == [(2, ["Zoé", "1"]), (3, ["x;", "2"])]
        assert file.read_as == "the sheet People"


def test_line_ends_may_be_mixed_or_old(tmp_path: Path) -> None:
    assert records_of(tmp_path, b"id;name\r1;a\n2;b\r\n3;c\r4;d") == [
        (2, ["1", "a"]), (3, ["2", "b"]), (4, ["3", "c"]), (5, ["4", "d"]),
    ]  # fmt: skip


@pytest.mark.parametrize("said", ["sep=|", '"SEP=|"'])
def test_the_delimiter_may_be_said_as_excel_has_it(tmp_path: Path, said: str) -> None:
    assert records_of(tmp_path, f"{said}\nid|name\n1|b;,c\n".encode()) == [(3, ["1", "b;,c"])]


def test_quotes_behind_backslashes_are_read(tmp_path: Path) -> None:
    content = b'id;name\n1;"a \\"b\\"; c"\n2;d\n'
    assert records_of(tmp_path, content) == [(2, ["1", 'a "b"; c']), (3, ["2", "d"])]


def test_backslashes_that_escape_nothing_stay(tmp_path: Path) -> None:
    content = b'id;name\n1;"C:\\"\n2;"""\\"""\n'
    assert records_of(tmp_path, content) == [(2, ["1", "C:\\"]), (3, ["2", '"\\"'])]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the_file is empty"),
        (b"\n\n", "the_file is empty"),
        (b"id;other\n1;a\n", "lacks the column name; its header is: id;other"),
        (b"a;b\n", "lacks the columns id, name"),
        (b"id;name;id\n", "more than one column id"),
        (b"\xff\xfei\x00d\x00", "lacks the columns? name"),
        (b"PK\x03\x04" + bytes(range(128, 256)), "cannot be decompressed"),
    ],
    ids=["empty", "blank", "one missing", "all missing", "double", "utf-16", "binary"],
)
def test_an_unusable_header_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UnusableCsv, match=says):
        open_lines(tmp_path, content)


def test_an_endless_line_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    with open_lines(tmp_path, b"id;name\n" + b"x" * 3_000_000) as file, pytest.raises(UnusableCsv, match="longer than"):
        list(file.records())


def test_a_file_outside_the_roots_is_refused_whether_it_exists_or_not(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.csv").write_text("id;name\n")
    for path in ("out.csv", "missing.csv", "in/../out.csv"):
        with pytest.raises(FileOutsideRoots):
            open_csv(str(tmp_path / path), name="f", wanted=WANTED, roots=[tmp_path / "in"])


def test_a_link_that_leaves_the_roots_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.csv").write_text("id;name\n")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "out.csv")
    with pytest.raises(FileOutsideRoots):
        open_csv(str(tmp_path / "in" / "link.csv"), name="f", wanted=WANTED, roots=[tmp_path / "in"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"nowhere\.csv"):
        open_csv(str(tmp_path / "nowhere.csv"), name="f", wanted=WANTED, roots=[tmp_path])


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "thing")
    with pytest.raises(UnusableCsv, match="not a regular file"):
        open_csv(str(tmp_path / "thing"), name="f", wanted=WANTED, roots=[tmp_path])


def test_a_nul_in_the_path_is_refused() -> None:
    with pytest.raises(UnusableCsv, match="NUL"):
        open_csv("/tmp/a\0b", name="f", wanted=WANTED, roots=None)
