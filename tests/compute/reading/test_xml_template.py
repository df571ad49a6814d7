"""Records that are read quickly, by a template, are what they are read without haste."""

import io
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.files import xml_encoding
from compute.files.errors import BrokenFile
from compute.reading import xml_records
from compute.reading.xml_elements import Apart
from compute.reading.xml_outline import record_path
from compute.reading.xml_records import NotQuickError, RecordsAt, read_records
from tests.compute.tables import read_table, run

TEXT = st.text(st.sampled_from("ab é<>&\"'\n\r\t]😀"), max_size=5)
NAMES = st.sampled_from(["k", "price", "row", "rowid", "a.b"])
BLANKS = st.sampled_from(["", "", " ", "\n", "\r\n\t"])
BESIDE = st.sampled_from(["", "", "", "\n", "<!-- <row><k>1</k></row> -->", "<?pi <row>?>", "text", "<total>3</total>"])


@st.composite
def elements(draw: st.DrawFn, name: st.SearchStrategy[str], depth: int = 0) -> str:
    """One element as text."""
    tag = draw(name)
    attributes = draw(st.dictionaries(NAMES, TEXT, max_size=2))
    said = "".join(f"{draw(BLANKS)} {key}={quoteattr(value)}" for key, value in attributes.items())
    kind = draw(st.sampled_from(["empty", "text", "children", "children", "mixed", "cdata"]))
    if kind == "empty":
        return f"<{tag}{said}{draw(BLANKS)}/>"
    inner = escape(draw(TEXT)) if kind in ("text", "mixed") else ""
    if kind == "cdata":
        inner = f"<![CDATA[{draw(TEXT).replace(']', '')}]]>"
    if kind in ("children", "mixed") and depth < 2:
        inner += "".join(draw(BLANKS) + draw(elements(NAMES, depth + 1)) for _ in range(draw(st.integers(0, 3))))
    return f"<{tag}{said}>{inner}</{tag}>"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document of records, most of which repeat a few."""
    few = draw(st.lists(elements(st.just("row")), min_size=1, max_size=3))
    records = draw(st.lists(st.sampled_from(few) | elements(st.just("row")), min_size=2, max_size=30))
    doctype = draw(st.sampled_from(["", "", "", '<!DOCTYPE rows [<!ATTLIST row z CDATA "d">]>']))
    end = draw(st.sampled_from(["</rows>", "</rows>", "</rows>\n", "</rows><row>", "</row>"]))
    return f"{doctype}<rows>{''.join(record + draw(BESIDE) for record in records)}{end}"


def rows_of(document: bytes, *, quickly: bool) -> list[dict[str, str]] | str:
    """The rows without their empty cells; the error's text where there is one."""
    apart, known = Apart(), -1
    at = RecordsAt(record_path(io.BytesIO(document), ""))
    try:
        while known < apart.count:
            known = apart.count
            pieces = list(read_records(io.BytesIO(document), "", at, apart, quickly=quickly))
    except NotQuickError:
        return rows_of(document, quickly=False)
    except BrokenFile as error:
        return rows_of(document, quickly=False) if quickly else error.detail
    rows = [dict(zip(piece, cells, strict=True)) for piece in pieces for cells in zip(*piece.values(), strict=True)]
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


@given(document=documents(), size=st.integers(8, 200), pieces=st.integers(1, 4))
@settings(max_examples=300, deadline=None)
def test_records_read_quickly_are_those_read_without_haste(document: str, size: int, pieces: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_encoding, "CHUNK_BYTES", size)
        patch.setattr(xml_records, "PIECES", pieces)
        found = rows_of(document.encode(), quickly=True)
    assert found == rows_of(document.encode(), quickly=False)


@pytest.mark.parametrize("quickly", [True, False])
def test_the_records_are_the_same_wherever_the_document_is_cut(quickly: bool) -> None:
    document = f'<rows><row id="{"1" * 40}"/><row id="{"2" * 40}"/></rows>'.encode()
    for size in range(8, len(document)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(xml_encoding, "CHUNK_BYTES", size)
            assert rows_of(document, quickly=quickly) == [{"id": "1" * 40}, {"id": "2" * 40}], size


def table(tmp_path: Path, records: list[str]) -> Path:
    path = tmp_path / "table.xml"
    path.write_text(f"<rows>\n{''.join(records)}</rows>\n")
    return path


RECORD = '<row id="{0}"><k>é &amp; {0}</k><p currency="EUR">{0}.5</p><more><deep>x{0}</deep></more></row>\n'


def test_a_large_document_is_read_by_its_template(tmp_path: Path) -> None:
    records = [RECORD.format(number) for number in range(30_000)]
    outcome, result = run(table(tmp_path, records), "non_null", columns=["id"])
    assert outcome.rows_in == 30_000
    assert read_table(result)[29_999] == {
        "id": "29999", "k": "é & 29999", "p.@currency": "EUR", "p": "29999.5", "more.deep": "x29999",
    }  # fmt: skip


@pytest.mark.parametrize("odd", ['<row id="7"/>', "<row><k>7</k><new>1</new></row>", "<row><k>7</k><k>8</k></row>"])
def test_one_odd_record_far_behind_is_read_as_the_others(tmp_path: Path, odd: str) -> None:
    records = [RECORD.format(number) for number in range(30_000)]
    _, result = run(table(tmp_path, [*records, odd, *records]), "group_by", by=["more.deep"], aggregations={})
    assert len(read_table(result)) == 30_001


def test_an_error_far_behind_names_its_line(tmp_path: Path) -> None:
    records = [RECORD.format(number) for number in range(30_000)]
    with pytest.raises(BrokenFile, match="line 30002, column "):
        run(table(tmp_path, [*records, "<row><k></row>\n", *records]), "non_null", columns=["id"])


def test_records_in_a_comment_are_none(tmp_path: Path) -> None:
    records = [RECORD.format(number) for number in range(20_000)]
    commented = ["<!--", *records, *records, "-->"]
    outcome, _ = run(table(tmp_path, [*records, *commented, *records]), "stats", columns=["id"])
    assert outcome.rows_in == 40_000
