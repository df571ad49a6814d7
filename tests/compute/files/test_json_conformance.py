"""JSON is accepted and refused as RFC 8259 says, alike on both engines, wherever it stands in a file."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from compute.files.errors import BrokenFile
from tests.compute.files.json_cases import MUST_BE_ACCEPTED, MUST_BE_REFUSED, OPEN
from tests.compute.tables import run

ENGINES = ("duckdb", "pandas")
every_engine = pytest.mark.parametrize("engine", ENGINES)


def shown(case: bytes) -> str:
    return repr(case[:40])[1:]


def copied(folder: Path, engine: str, content: bytes, suffix: str) -> bytes | None:
    """The file copied by non_null, for its first column, into JSON; None where it is refused."""
    is_wrapped = suffix == "json" and content.lstrip().startswith(b"{") and re.search(rb"\[\s*{", content)
    first = re.search(rb'\[\s*{\s*"([^"]*)"' if is_wrapped else rb'{\s*"([^"]*)"', content)
    column = first[1].decode(errors="replace") if first else "a"
    path = folder / f"t.{suffix}"
    path.write_bytes(content)
    try:
        written = run(path, "non_null", engine=engine, columns=[column], output_format="json")[1]
    except BrokenFile:
        return None
    return written.read_bytes()


def nested(case: bytes) -> dict[str, bytes]:
    """Files in which the case is a value in a record, by suffix."""
    record = b'{"a": 1, "x": ' + case + b"}"
    return {"json": b"[" + record + b', {"a": 2}]', "jsonl": record + b'\n{"a": 2}\n'}


def parsed(text: bytes) -> Any:
    return json.loads(text, parse_constant=pytest.fail, object_pairs_hook=lambda pairs: pairs)


@every_engine
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_what_must_be_accepted_is_copied_right(engine: str, suffix: str, tmp_path: Path) -> None:
    records = [b'{"a": %d, "x": [' % number + case + b"]}" for number, case in enumerate(MUST_BE_ACCEPTED)]
    content = b"[" + b",".join(records) + b"]" if suffix == "json" else b"\n".join(records)

    rows = parsed(copied(tmp_path, engine, content, suffix) or b"")

    assert [dict(row)["x"] for row in rows] == [[parsed(case)] for case in MUST_BE_ACCEPTED]


@every_engine
@pytest.mark.parametrize("case", MUST_BE_REFUSED, ids=shown)
def test_what_must_be_refused_is_refused_alone_and_within_a_record(engine: str, case: bytes, tmp_path: Path) -> None:
    assert copied(tmp_path, engine, case, "json") is None
    for suffix, content in nested(case).items():
        assert copied(tmp_path, engine, content, suffix) is None, suffix


@pytest.mark.parametrize("case", [*MUST_BE_ACCEPTED, *OPEN], ids=shown)
def test_both_engines_say_the_same_of_what_stands_alone(case: bytes, tmp_path: Path) -> None:
    ours, theirs = (copied(tmp_path, engine, case, "json") for engine in ENGINES)

    assert (ours and parsed(ours)) == (theirs and parsed(theirs))


@pytest.mark.parametrize("case", OPEN, ids=shown)
def test_both_engines_say_the_same_of_what_is_within_a_record(case: bytes, tmp_path: Path) -> None:
    for suffix, content in nested(case).items():
        ours, theirs = (copied(tmp_path, engine, content, suffix) for engine in ENGINES)
        assert (ours is None) == (theirs is None), suffix
        assert b"Infinity" not in (ours or b"") + (theirs or b""), suffix
        if ours and theirs and len(case) < 1000:
            assert parsed(ours) == parsed(theirs), suffix


@every_engine
@pytest.mark.parametrize(
    "value", [b"NaN", b"-Infinity", b"nan", b"1.", b'"\\ud800"', b'"\xc3\xa9\xe9"', b'"\x01"', b"tru", b"'x'"]
)
@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("non_null", {"columns": ["a"]}),
        ("stats", {"columns": ["a"]}),
        ("group_by", {"by": ["a"], "aggregations": {}}),
    ],
)
def test_what_is_no_json_is_refused_in_a_column_that_is_not_asked_for(
    engine: str, operation: str, parameters: dict[str, Any], value: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": 1, "x": ' + value + b"}\n")

    with pytest.raises(BrokenFile):
        run(path, operation, engine=engine, **parameters)


@every_engine
def test_words_that_are_no_numbers_are_text_like_any_other(engine: str, tmp_path: Path) -> None:
    rows = [{"a": 'nan, "inf", NaN\\', "x": ["inf", ":nan,"]}, {"a": "finance", "x": ["information"]}] * 20_000
    content = json.dumps(rows).encode()

    assert json.loads(copied(tmp_path, engine, content, "json") or b"") == rows


@every_engine
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_records_over_several_lines_are_records(engine: str, suffix: str, tmp_path: Path) -> None:
    for first, second in (({"a": 1}, {"a": [2, {"b": None}]}), ({"a": 1, "b": "x"}, {"c": 2, "a": 3})):
        names = list(first | second)
        expected = [{name: record.get(name) for name in names} for record in (first, second)]
        for indents in ((1, 1), (None, 1), (1, None)):
            text = "\n".join(json.dumps(record, indent=i) for record, i in zip((first, second), indents, strict=True))
            assert json.loads(copied(tmp_path, engine, text.encode(), suffix) or b"") == expected


@every_engine
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_columns_are_in_the_order_of_their_first_appearance(engine: str, suffix: str, tmp_path: Path) -> None:
    records: list[dict[str, int]] = [{"z": 1, "a": 1}, *[{"a": 2, "b": 1, "z": 3}] * 5000, {"c": 1, "y": 1, "a": 1}]
    text = json.dumps(records) if suffix == "json" else "\n".join(map(json.dumps, records))

    rows = json.loads(copied(tmp_path, engine, text.encode(), suffix) or b"")

    assert list(rows[0]) == ["z", "a", "b", "c", "y"]
    assert len(rows) == len(records) - 1  # the last has no z
