"""Tables made by chance go through formats in any order, and come back equal; missing values stay missing."""

import datetime as dt
import string
import tempfile
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.files.formats import BLANKS, MISSING
from tests.compute.tables import read_table, run

FORMATS = ("csv", "tsv", "json", "jsonl", "xml", "parquet")
# What XML and CSV can hold: no control characters but these, no halves of surrogate pairs, no U+FFFE.
CHARACTERS = st.one_of(
    st.sampled_from("\t\n\r \"',;|<>&]{}[]_x0041%.`\\/"),
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
)
NAMES = st.text(CHARACTERS, min_size=1, max_size=8).filter(lambda name: name.strip() and not name.startswith("\ufeff"))
TYPES: dict[Any, st.SearchStrategy[Any]] = {
    pa.string(): st.text(CHARACTERS, max_size=12),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_infinity=False, allow_nan=True),
    pa.float32(): st.floats(allow_infinity=False, allow_nan=True, width=32),
    pa.decimal128(38, 6): st.decimals(-(10**30), 10**30, places=6).map(lambda value: value + 0),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("us", "UTC"): st.datetimes().map(lambda moment: moment.replace(tzinfo=dt.UTC)),
    pa.time64("us"): st.times(),
    pa.binary(): st.binary(max_size=6),
    pa.list_(pa.int64()): st.lists(st.none() | st.integers(-(2**53), 2**53), max_size=3),
    pa.struct([("a", pa.string()), ("b", pa.float64())]): st.fixed_dictionaries(
        {
            "a": st.none() | st.text(string.printable[:95], max_size=4),
            "b": st.none() | st.floats(-(2.0**40), 2.0**40, width=32),
        }
    ),
}


NO_OBJECTS = [type_ for type_ in TYPES if not pa.types.is_struct(type_)]  # from JSON, a struct comes back as columns


@st.composite
def tables(draw: st.DrawFn, types: Sequence[pa.DataType] = tuple(TYPES)) -> pa.Table:
    """One to four columns of any types, one to five rows, at least one of which has no missing value in the first column."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold))
    rows = draw(st.integers(1, 5))
    chosen = [draw(st.sampled_from(types)) for _ in names]
    columns = [draw(st.lists(st.none() | TYPES[type_], min_size=rows, max_size=rows)) for type_ in chosen]
    return pa.table([pa.array(values, type_) for values, type_ in zip(columns, chosen, strict=True)], names)


def kept(path: Path, engine: str, format_: str) -> Path:
    """The file in another format: all rows of it, for a column that is never missing is asked for."""
    written = run(path, "non_null", engine=engine, columns=["never missing"], output_format=format_)[1]
    return written.rename(path.with_name(f"{path.stem}+.{format_}"))


def as_text(path: Path, engine: str) -> list[dict[str, str | None]]:
    """The file's cells as the text that they are in XML, missing ones None."""
    rows = read_table(run(path, "non_null", engine=engine, columns=["never missing"], output_format="xml")[1])
    return [{name: None if is_missing(value) else spelled(value) for name, value in row.items()} for row in rows]


def spelled(value: str | None) -> Any:
    """A number as that, since JSON has one spelling of each; everything else as it stands."""
    try:
        return Decimal(value or "").normalize()
    except InvalidOperation:
        return value


def is_missing(value: str | None) -> bool:
    return value is None or value in MISSING or not value.strip(BLANKS)


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(table=tables(NO_OBJECTS), formats=st.lists(st.sampled_from(FORMATS), min_size=1, max_size=4))
def test_a_table_comes_back_equal_through_any_formats(engine: str, table: pa.Table, formats: list[str]) -> None:
    table = table.append_column("never missing", pa.array(["x"] * len(table)))
    with tempfile.TemporaryDirectory() as folder:
        first = path = Path(folder) / "t.parquet"
        pq.write_table(table, path)
        for format_ in formats:
            path = kept(path, engine, format_)

        assert as_text(path, engine) == as_text(first, engine)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(table=tables(), format_=st.sampled_from(FORMATS))
def test_both_engines_write_the_same(table: pa.Table, format_: str) -> None:
    table = table.append_column("never missing", pa.array(["x"] * len(table)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        pq.write_table(table, path)
        ours, theirs = (
            read_table(run(path, "non_null", engine=engine, columns=["never missing"], output_format=format_)[1])
            for engine in ("duckdb", "pandas")
        )

    assert repr(ours) == repr(theirs)
