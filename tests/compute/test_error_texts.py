"""What an error tells: in our words, of bounded length, and nothing that cannot be stored or shown."""

from pathlib import Path

import pytest

from compute.faults import MAX_DETAIL, Fault, MixedColumn, NotNumeric, UnknownColumn
from tests.compute.tables import run

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

    with pytest.raises(Fault) as caught:
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
