"""Reading a CSV file: dialects, line numbers, raw text, and files that are not usable."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from inflight.exceptions import FileMissing, FileOutsideRoots, UnusableCsv
from inflight.imports.csv_file import CsvFile, open_csv

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


def test_a_stray_quote_costs_the_rows_it_swallows_not_the_rest(tmp_path: Path) -> None:
    with open_lines(tmp_path, b'id;name\n1;"open\n2;b\n3;"c"\n4;d\n') as file:
        records = list(file.records())
    assert [line for line, _, fault in records if fault] == [2]
    assert records[-1] == (5, ["4", "d"], "")


def test_a_quote_open_at_the_end_is_a_fault_on_its_line(tmp_path: Path) -> None:
    with open_lines(tmp_path, b'id;name\n1;a\n2;"open\n3;b\n') as file:
        assert [(line, bool(fault)) for line, _, fault in file.records()] == [(2, False), (3, True)]


def test_latin1_is_refused_with_byte_offset_and_line(tmp_path: Path) -> None:
    content = b"id;name\n1;a\n2;Fr\xe9jus\n"
    with open_lines(tmp_path, content) as file, pytest.raises(UnusableCsv, match=r"0xe9 at offset 16, line 3\."):
        list(file.records())
    assert content[16] == 0xE9


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the_file is empty"),
        (b"\n\n", "the_file is empty"),
        (b"id;other\n1;a\n", "lacks the column name; its header is: id;other"),
        (b"a;b\n", "lacks the columns id, name"),
        (b"id;name;id\n", "more than one column id"),
        (b"\xff\xfei\x00d\x00", "not UTF-8"),
        (b"PK\x03\x04" + bytes(range(128, 256)), "not UTF-8"),
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
