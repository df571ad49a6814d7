"""Objects within the records of JSON are columns with dotted names, on every engine."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.files.errors import BrokenFile, LimitReached
from compute.files.json_paths import MOST_COLUMNS
from tests.compute.tables import ENGINES, read_table, result, run

every_engine = pytest.mark.parametrize("engine", ENGINES)
CASES: dict[str, tuple[list[Any], list[dict[str, Any]]]] = {
    "objects": (
        [{"id": 1, "author": {"first": "x", "last": None}}, {"id": 2, "author": {"first": "y", "more": {"deep": 1.5}}}],
        [
            {"id": 1, "author.first": "x", "author.last": None, "author.more.deep": None},
            {"id": 2, "author.first": "y", "author.last": None, "author.more.deep": 1.5},
        ],
    ),
    "null for an object is no column": ([{"a": {"x": 1}}, {"a": None}], [{"a.x": 1}, {"a.x": None}]),
    "another value for an object is one": (
        [{"a": 1}, {"a": {"x": 2}}, {"a": {}}],
        [{"a": 1, "a.x": None}, {"a": None, "a.x": 2}, {"a": {}, "a.x": None}],
    ),
    "an empty object is a value": ([{"a": {}}, {"a": {"b": {}}}], [{"a": {}, "a.b": None}, {"a": None, "a.b": {}}]),
    "arrays are values": ([{"a": {"tags": [{"t": 1}, 2]}}], [{"a.tags": [{"t": 1}, 2]}]),
    "names of any characters": (
        [{"a": {'x~/"k': 1, "0": 5, "é": "ü"}, "b/c": {"d.e": 1}}],
        [{'a.x~/"k': 1, "a.0": 5, "a.é": "ü", "b/c.d.e": 1}],
    ),
    "a number for a key leads into no array": (
        [{"a": {"0": 1}}, {"a": [5, 6]}, {"a": {"-": 2, 'x"\\y': {"1": 3}}}, {"a": {'x"\\y': [7, 8]}}],
        [
            {"a": None, "a.0": 1, "a.-": None, 'a.x"\\y': None, 'a.x"\\y.1': None},
            {"a": [5, 6], "a.0": None, "a.-": None, 'a.x"\\y': None, 'a.x"\\y.1': None},
            {"a": None, "a.0": None, "a.-": 2, 'a.x"\\y': None, 'a.x"\\y.1': 3},
            {"a": None, "a.0": None, "a.-": None, 'a.x"\\y': [7, 8], 'a.x"\\y.1': None},
        ],
    ),
    "braces in text are none": ([{"a": "{"}, {"a": '{"b": 1}'}], [{"a": "{"}, {"a": '{"b": 1}'}]),
    "names as types": ([{"VARCHAR": {"NULL": "DOUBLE"}}], [{"VARCHAR.NULL": "DOUBLE"}]),
}


def rows_of(path: Path, engine: str) -> Any:
    return read_table(run(path, "preview", engine=engine, rows=1000, output_format="json")[1])


@every_engine
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_objects_are_taken_apart(engine: str, case: str, suffix: str, tmp_path: Path) -> None:
    records, expected = CASES[case]
    path = tmp_path / f"table.{suffix}"
    path.write_text(json.dumps(records) if suffix == "json" else "\n".join(map(json.dumps, records)))
    assert rows_of(path, engine) == expected


@every_engine
def test_what_lies_in_objects_is_computed_on(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(json.dumps([{"shop": {"id": "007"}, "sale": {"price": price}} for price in (1.5, 2.5)]))
    where = [{"column": "sale.price", "op": ">", "value": 1}]
    asked = {"by": ["shop.id"], "aggregations": {"sale.price": ["sum"]}, "engine": engine, "where": where}
    assert result(path, "group_by", **asked) == [{"shop.id": "007", "sale.price_sum": 4.0}]


@every_engine
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[{"a": {"x": 1, "x": 2}}]', "an object 'a' has a key twice"),
        ('[{"a": {"b": 1}, "a.b": 2}]', "Two columns would have the name 'a.b'"),
    ],
)
def test_no_value_is_lost_for_another_of_its_name(engine: str, content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(content)
    with pytest.raises(BrokenFile, match=told):
        rows_of(path, engine)


@every_engine
def test_an_object_with_endless_keys_is_refused(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    path.write_text("\n".join(json.dumps({"a": {str(number): 1}}) for number in range(MOST_COLUMNS + 1)))
    with pytest.raises(LimitReached, match="different keys"):
        rows_of(path, engine)


@every_engine
def test_what_lies_too_deep_is_a_value_after_where_too(engine: str, tmp_path: Path) -> None:
    record: Any = {"m": 1}
    for level in reversed(range(1, 26)):
        record = {f"l{level}": record}
    path = tmp_path / "table.json"
    path.write_text(json.dumps([record, record]))
    (name,) = rows_of(path, engine)[0]
    asked = {"columns": [name], "where": [{"column": name, "op": "is_null", "value": False}], "engine": engine}
    outcome, found = run(path, "non_null", **asked)
    assert (outcome.rows_out, list(read_table(found)[0])) == (2, [name])


VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "{", "é"])
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from(["a", "0", "c d"]), VALUES | st.lists(VALUES, max_size=2), max_size=3),
    lambda objects: st.dictionaries(st.sampled_from(["a", "0", "e"]), VALUES | objects, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(records=st.lists(OBJECTS, min_size=1, max_size=6).filter(any))
def test_both_engines_take_apart_alike(tmp_path_factory: pytest.TempPathFactory, records: list[Any]) -> None:
    path = tmp_path_factory.mktemp("nested") / "table.json"
    path.write_text(json.dumps(records))
    ours, theirs = (rows_of(path, engine) for engine in ("duckdb", "pandas"))
    assert repr(ours) == repr(theirs)
