"""A question as code: the query finds what the job finds, and the script asks the same."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from compute.jobs import services
from compute.pages.snippets import python_of, sql_of
from tests.compute.pages.workbench import done_job
from tests.compute.tables import write_table

pytestmark = pytest.mark.django_db
ROWS = [
    {"shop": "Nice", "price": 3, "code": "007"},
    {"shop": "Nice", "price": 20, "code": "11"},
    {"shop": "Cannes", "price": 100, "code": ""},
    {"shop": "", "price": 4, "code": "x"},
]
SOME = {"where": [{"column": "price", "op": "<", "value": 50}]}


@pytest.fixture(autouse=True)
def _table(compute_root: Path, settings: Any) -> None:
    settings.COMPUTE_WAITERS = 0
    write_table(compute_root, "csv", ROWS)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("group_by", {"by": ["shop"], "aggregations": {"price": ["sum", "mean", "max", "median", "n_unique"]}}),
        ("group_by", {"by": ["shop"], "aggregations": {}, **SOME, "limit": 1}),
        (
            "group_by",
            {"by": ["shop"], "aggregations": {"price": ["std"]}, "sort": [{"column": "price_std", "descending": True}]},
        ),
        ("group_by", {"by": [], "aggregations": {"price": ["sum", "max"]}, **SOME}),
        ("stats", {"columns": ["price"], "by": []}),
        ("non_null", {"columns": ["shop", "code"], **SOME}),
        ("non_null", {"columns": [], "where": [{"column": "shop", "op": "in", "value": ["Nice", "x'y"]}]}),
        ("non_null", {"columns": [], "where": [{"column": "code", "op": "contains", "value": "0"}]}),
    ],
)
def test_the_query_finds_in_duckdb_what_the_job_finds(
    compute_root: Path, monkeypatch: pytest.MonkeyPatch, operation: str, parameters: dict[str, Any]
) -> None:
    job = done_job(operation, parameters, output_format="json")
    monkeypatch.chdir(compute_root)
    found: Any = duckdb.sql(sql_of(job))
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    wanted = json.loads((compute_root / job.result_path).read_text())
    assert [_plain(row) for row in rows] == [_plain(row) for row in wanted]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers as numbers: CSV's are text to Apron, and guessed by DuckDB."""
    values = {name: None if value == "" else value for name, value in row.items()}
    return {name: _number(value) for name, value in values.items()}


def _number(value: Any) -> Any:
    try:
        return pytest.approx(float(value))
    except (TypeError, ValueError):
        return value


def test_the_script_is_python_that_asks_the_same(compute_root: Path) -> None:
    asked_for = {"by": ["shop"], "aggregations": {"price": ["sum"]}, **SOME}
    job = services.submit_job(services.Request("group_by", asked_for, "table.csv", "ana"), fresh=False)
    names: dict[str, Any] = {}
    script = python_of(job, "http://testserver/")
    exec(script[script.index("question") : script.index("answer =")], names)
    assert names["question"] == {"file_path": "table.csv", **asked_for}
    compile(script, "script", "exec")
