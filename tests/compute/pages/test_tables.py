"""What a page makes of a preview."""

import pytest

from compute.pages.tables import ColumnKind, Table, table_of


def one(text: bytes, type_: str = "String") -> Table:
    return table_of(text, [("a", type_)])


@pytest.mark.parametrize(
    ("text", "type_", "kind"),
    [
        (b'[{"a": "1"}, {"a": " -2.50e3 "}, {"a": ""}, {"a": ".5"}]', "String", ColumnKind.NUMBER),
        (b'[{"a": 1.5}, {"a": null}]', "Unknown", ColumnKind.NUMBER),
        (b'[{"a": "0071"}, {"a": "4324"}]', "String", ColumnKind.TEXT),
        (b'[{"a": "1"}, {"a": "1_000"}]', "String", ColumnKind.TEXT),
        (b'[{"a": true}]', "Boolean", ColumnKind.TEXT),
        (b'[{"a": "2026-11-23"}]', "Date", ColumnKind.TEXT),
        (b'[{"a": ""}, {"a": null}, {}, {"a": "NaN"}]', "String", ColumnKind.EMPTY),
        (b"[]", "String", ColumnKind.EMPTY),
        (b"[]", "Int64", ColumnKind.NUMBER),
    ],
)
def test_a_column_is_what_its_type_or_its_values_say(text: bytes, type_: str, kind: ColumnKind) -> None:
    assert one(text, type_).columns[0].kind == kind


def test_numbers_stay_as_they_are_written() -> None:
    table = one(b'[{"a": 123456789012345678901234567890}, {"a": 1.10}, {"a": {"b": [1.50, "\xc3\xbc"]}}]')
    assert table.rows == [["123456789012345678901234567890"], ["1.10"], ['{"b": ["1.50", "\u00fc"]}']]


def test_a_page_gets_no_more_than_it_asks_for() -> None:
    table = table_of(b'[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]', [("a", "Int64"), ("b", "String")])
    assert table.cells(rows=1, columns=1) == [[("1", True)]]
