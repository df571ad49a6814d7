"""What an error tells: in our words, of bounded length, and nothing that cannot be stored or shown."""

from pathlib import Path

import pytest

from compute.files.errors import MAX_DETAIL, BrokenFile, ComputeError, MixedColumn, NotNumeric, UnknownColumn
from tests.compute.tables import result, run

every_engine = pytest.mark.parametrize("engine", ["duckdb", "pandas", "spark"])
LONG = "x" * 900_000


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


LONG_TEXTS = {
    "a column's name": ("csv", f"{LONG},b\n1,2\n"),
    "two columns of one name": ("csv", f"{LONG},{LONG}\n1,2\n"),
    "many columns": ("csv", ",".join(f"column number {n}" for n in range(20_000)) + "\n"),
    "an element": ("xml", f"<r><x><a><{LONG}/></a></x></r>"),
    "an element that is there twice": ("xml", f"<r><x><{LONG}/><{LONG}/></x></r>"),
    "an open element": ("xml", f"<r><x><{LONG}>"),
}


@every_engine
@pytest.mark.parametrize("case", LONG_TEXTS)
def test_an_error_quotes_only_the_beginning_of_what_is_long(engine: str, case: str, tmp_path: Path) -> None:
    suffix, content = LONG_TEXTS[case]

    with pytest.raises(ComputeError) as caught:
        run(_file(tmp_path, f"t.{suffix}", content), "non_null", engine=engine, columns=["y" * 100_000])

    assert len(caught.value.detail) <= MAX_DETAIL


@pytest.mark.parametrize("name", [LONG, "\0" * 5_000, "'" * 5_000], ids=["long", "NUL", "quotes"])
def test_every_error_is_short_and_can_be_stored(name: str) -> None:
    errors = [
        UnknownColumn(name, [name] * 1000, field="by"),
        NotNumeric(name, name, field="by"),
        MixedColumn(name, number=name, word=name, field="by"),
    ]

    assert [error for error in errors if len(error.detail) > MAX_DETAIL or not error.detail.isprintable()] == []


def test_the_names_of_few_columns_are_told_whole() -> None:
    assert UnknownColumn("c", ["a", "b\n"], field="by").detail == r"There is no column 'c'. The file has: a, b\n."


BROKEN = {
    "a header with an open quote": ("csv", '"a,b\n', r"^The header cannot be read: unexpected end of data"),
    "a header with text behind a quote": ("csv", '"a"x,b\n1,2\n', r"^The header cannot be read: there is text behind"),
    "a NUL in a name": ("json", '[{"a\\u0000": 1}]', r"^The name of column 1, 'a\\x00', is not text; rename it\.$"),
    "tags that do not match": ("xml", "<r>\n<x><a>1</b></x></r>", r"XML: line 2, column 10: an end tag does not match"),
    "an ampersand": ("xml", "<r><x><a>1 & 2</a></x></r>", r"line 1, column 13: a character is not allowed here; write"),
    "an open tag": ("xml", "<r><x><a", "the file ends inside a tag"),
    "an open document": ("xml", "<r><x>", "the file ends before its root element does"),
    "an unknown entity": ("xml", "<r><x><a>&nbsp;</a></x></r>", "an entity is not defined"),
    "an attribute twice": ("xml", '<r><x a="1" a="2"/></r>', "an attribute is there twice"),
    "two roots": ("xml", "<r><x/></r><r/>", "there is something behind the root element"),
    "no XML": ("xml", "a,b\n1,2\n", "there is something before the root element"),
    "a late declaration": ("xml", '\n<?xml version="1.0"?><r/>', "the XML declaration is not the first thing"),
    "a wrong declaration": ("xml", '<?xml encoding="UTF-8"?><r/>', "the XML declaration is not valid"),
    "a reference to no character": ("xml", "<r><x><a>&#0;</a></x></r>", "a reference names a character that XML does"),
    "an open CDATA section": ("xml", "<r><x><a><![CDATA[1", "a CDATA section has no end"),
    "a namespace without end": ("xml", "<r><x><a>]]></a></x></r>", "not well-formed XML: line 1, column"),
}


@every_engine
@pytest.mark.parametrize("case", BROKEN)
def test_what_a_parser_refuses_is_told_in_our_words(engine: str, case: str, tmp_path: Path) -> None:
    suffix, content, reason = BROKEN[case]

    with pytest.raises(BrokenFile, match=reason):
        run(_file(tmp_path, f"t.{suffix}", content), "non_null", engine=engine, columns=["a"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('a,b\n"1,2\n', r"line 2: unexpected end of data inside a quoted cell; close the quote\. To leave"),
        ('a,b\n"1"x,2\n', r"line 2: there is text behind a closing quote"),
    ],
)
def test_what_pythons_csv_reader_refuses_is_told_in_our_words(content: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match=reason):
        run(_file(tmp_path, "t.csv", content), "non_null", engine="pandas", columns=["a"])


@every_engine
def test_names_that_escape_what_is_no_character_stay_as_they_stand(engine: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "t.xml", "<r><x><a_xD800_>1</a_xD800_><b_x110000_/></x></r>")

    assert result(path, "non_null", engine=engine, columns=["a_xD800_"]) == [{"a_xD800_": "1", "b_x110000_": None}]
