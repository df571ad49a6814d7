"""Tables in any dialect, encoding, packing and wrapping are read back as they were, whatever is in their cells."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.reading import json_records
from tests.compute.tables import read_table, run

PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda content: content, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
}  # fmt: skip
TEXT = st.text(st.sampled_from("aé1 ,;|\t.'#\\-/="), max_size=6)
CELLS = st.one_of(TEXT, st.sampled_from(["1,5", "NaN", "x\ny", 'a "b"', "", "007", "é\r\nü"]))


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and rows; the first column tells rows apart, and is never blank."""
    width = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width - 1, max_size=width - 1), min_size=1, max_size=6))
    return [["n", *(f"col {number}" for number in range(1, width))], *([str(n), *row] for n, row in enumerate(rows))]


def written(table: list[list[str]], dialect: dict[str, Any]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(table)
    return text.getvalue()


@settings(max_examples=150, deadline=None)
@given(
    table=tables(),
    delimiter=st.sampled_from(",;|\t^"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    escape=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "utf-32"]),
    packing=st.sampled_from(sorted(PACKINGS)),
    engine=st.sampled_from(["duckdb", "pandas"]),
)
def test_a_table_in_any_dialect_is_read_as_it_was(
    table: list[list[str]], delimiter: str, end: str, escape: bool, encoding: str, packing: str, engine: str
) -> None:
    dialect: dict[str, Any] = {"delimiter": delimiter, "lineterminator": end, "quoting": csv.QUOTE_ALL}
    if escape:
        dialect |= {"doublequote": False, "escapechar": "\\"}
    read = {"delimiter": delimiter, "encoding": encoding} | ({"escape": "\\"} if escape else {"escape": ""})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t.csv{packing}"
        path.write_bytes(PACKINGS[packing](written(table, dialect).encode(encoding)))

        rows = read_table(run(path, "non_null", engine=engine, columns=["n"], read=read, output_format="jsonl")[1])

    assert [list(rows[0]), *([value or "" for value in row.values()] for row in rows)] == table


JSON_VALUES = st.recursive(
    st.sampled_from([1, None, 'x"y', "[", "]", "\\", '\\"]', '{"a":[{', "é"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(['a"', "b[", "c]", "\\"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("chunk_bytes", [7, 256 * 1024])
@settings(max_examples=150, deadline=None)
@given(
    records=st.lists(st.fixed_dictionaries({"k": JSON_VALUES}), min_size=1, max_size=3),
    before=JSON_VALUES.filter(lambda value: not isinstance(value, dict | list)),
    indent=st.sampled_from([None, 2]),
    is_ascii=st.booleans(),
)
def test_the_records_in_an_object_are_found_where_they_are(
    chunk_bytes: int, records: list[dict[str, Any]], before: Any, indent: int | None, is_ascii: bool
) -> None:
    document = {"before": before, "data": records, "behind": "]}"}
    text = json.dumps(document, indent=indent, ensure_ascii=is_ascii).encode()
    with tempfile.NamedTemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_records, "CHUNK_BYTES", chunk_bytes)
        file.write(text)
        file.flush()

        found = json_records.wrapped_records(Path(file.name), "")

    assert found is not None
    assert (found.record, json.loads(text[found.start : found.end])) == ("data", records)
