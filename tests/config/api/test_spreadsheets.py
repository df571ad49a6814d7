"""Rows as CSV and XLSX files: every kind of value, formulas that nobody runs, bounded pieces."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

import pytest

from config.api.spreadsheets import csv_stream, escape_formula
from config.core import worksheets
from config.core.worksheets import TextTooLongError, TooLargeError, write_xlsx
from tests.xlsx import cells

KEY = UUID(int=1)
CELLS: list[tuple[Any, str, tuple[str, str] | None]] = [  # a value, its cell in CSV, and in XLSX
    (None, "", None),
    ("", "", None),
    ("é", "é", ("inlineStr", "é")),
    ("0071", "0071", ("inlineStr", "0071")),
    (True, "true", ("b", "1")),
    (False, "false", ("b", "0")),
    (-5, "-5", ("n", "-5")),
    (10**20, "100000000000000000000", ("n", "1E+20")),
    (12345678901234567, "12345678901234567", ("inlineStr", "12345678901234567")),
    (1.5, "1.5", ("n", "1.5")),
    (float("inf"), "inf", ("inlineStr", "inf")),
    (Decimal("10.0000"), "10", ("n", "10.0000")),
    (Decimal("91.2000"), "91.2", ("n", "91.2000")),
    (Decimal("1E+3"), "1000", ("n", "1E+3")),
    (Decimal("0.00000012"), "0.00000012", ("n", "1.2E-7")),
    (Decimal("-0.12345678901234567"), "-0.12345678901234567", ("inlineStr", "-0.12345678901234567")),
    (date(2026, 1, 1), "2026-01-01", ("n", "46023")),
    (date(1899, 1, 1), "1899-01-01", ("inlineStr", "1899-01-01")),
    (datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01T12:00:00Z", ("n", "46023.5")),
    (datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T14:00:00+02:00", ("n", "46023.5")),
    (datetime(1800, 1, 1, tzinfo=UTC), "1800-01-01T00:00:00Z", ("inlineStr", "1800-01-01T00:00:00Z")),
    (KEY, str(KEY), ("inlineStr", str(KEY))),
    ({"a": [1, None]}, '{"a":[1,null]}', ("inlineStr", '{"a":[1,null]}')),
    (["é"], '["é"]', ("inlineStr", '["é"]')),
    ("http://a.b", "http://a.b", ("inlineStr", "http://a.b")),
    ("{=1+1}", "{=1+1}", ("inlineStr", "{=1+1}")),
    ("=1+1", "'=1+1", ("inlineStr", "=1+1")),
]


def xlsx_file(header: list[str], rows: list[list[Any]], *, cuts: bool = True) -> BytesIO:
    file = BytesIO()
    write_xlsx(file, header, rows, cuts=cuts)
    file.seek(0)
    return file


def csv_of(*rows: list[Any], header: tuple[str, ...] = ("a", "b")) -> str:
    return b"".join(csv_stream(header, rows)).decode()


@pytest.mark.parametrize(("value", "cell"), [(value, cell) for value, cell, _ in CELLS])
def test_a_value_in_csv(value: Any, cell: str) -> None:
    assert list(csv.reader(StringIO(csv_of([1, value]), newline="")))[1] == ["1", cell]


@pytest.mark.parametrize(("value", "cell"), [(value, cell) for value, _, cell in CELLS])
def test_a_value_in_xlsx(value: Any, cell: tuple[str, str] | None) -> None:
    with xlsx_file(["a"], [[value], ["next"]]) as file:
        rows = cells(file)
    assert rows[0] == [("inlineStr", "a")]
    assert rows[1:-1] == ([[cell]] if cell else [])


def test_csv_quotes_as_rfc_4180_says() -> None:
    assert csv_of(['a,"b"', "c\nd"], ["e\rf", " g;"]) == 'a,b\r\n"a,""b""","c\nd"\r\n"e\rf", g;\r\n'


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    assert escape_formula(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("text", ["", "a=1", "'=1", "1-2", " =1"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text


def test_the_header_comes_before_the_first_row_is_asked_for() -> None:
    def unasked() -> Iterator[list[Any]]:
        raise AssertionError
        yield []

    assert next(csv_stream(["a", "=b"], unasked())) == b"a,'=b\r\n"


def test_csv_comes_in_pieces_of_bounded_size() -> None:
    pieces = list(csv_stream(["a"], (["x" * 998] for _ in range(1000))))
    assert sum(map(len, pieces)) == 1_000_003
    assert max(map(len, pieces)) < 70_000
    assert len(pieces) == 17


@pytest.mark.parametrize(("text", "kept"), [("x" * 32_767, 32_767), ("x" * 32_768, 32_767), ("😀" * 20_000, 16_384)])
def test_a_text_longer_than_a_cell_is_cut_and_ends_with_an_ellipsis(text: str, kept: int) -> None:
    with xlsx_file(["a"], [[text]]) as file:
        [(_, cell)] = cells(file)[1]
    assert (len(cell), cell.endswith("…")) == (kept, kept < len(text))


def test_a_text_longer_than_a_cell_is_refused_where_nothing_may_be_cut() -> None:
    with pytest.raises(TextTooLongError, match=r"^b$"):
        xlsx_file(["a", "b"], [["1", "x" * 32_768]], cuts=False)


def test_more_rows_than_a_worksheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worksheets, "MOST_XLSX_ROWS", 3)
    with xlsx_file(["a"], [[number] for number in range(3)]) as file:
        assert len(cells(file)) == 4
    with pytest.raises(TooLargeError):
        xlsx_file(["a"], [[number] for number in range(4)])
