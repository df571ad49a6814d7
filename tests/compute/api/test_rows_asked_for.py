"""where, sort and limit over HTTP: what is refused, and an answer."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.compute.conftest import RunningRunner
from tests.compute.tables import read_table, write_table

pytestmark = pytest.mark.django_db
NO_CONDITION: list[tuple[Any, str]] = [
    ({"column": "a", "op": "="}, "where.0.value"),
    ({"column": "a", "op": "like", "value": "x"}, "where.0.op"),
    ({"op": "=", "value": 1}, "where.0.column"),
    ({"column": "a", "op": "in", "value": 1}, "where.0.value"),
    ({"column": "a", "op": "in", "value": []}, "where.0.value"),
    ({"column": "a", "op": "in", "value": [1, "a"]}, "where.0.value"),
    ({"column": "a", "op": "in", "value": [True, 1]}, "where.0.value"),
    ({"column": "a", "op": "contains", "value": 1}, "where.0.value"),
    ({"column": "a", "op": "contains", "value": ""}, "where.0.value"),
    ({"column": "a", "op": "contains", "value": "a\0"}, "where.0.value"),
    ({"column": "a", "op": "contains", "value": "x" * 1001}, "where.0.value"),
    ({"column": "a", "op": "=", "value": [1]}, "where.0.value"),
    ({"column": "a", "op": "=", "value": None}, "where.0.value"),
    ({"column": "a", "op": "=", "value": "x" * 1001}, "where.0.value"),
    ({"column": "a", "op": "is_null", "value": 1}, "where.0.value"),
    ({"column": "a", "op": "=", "value": 1, "not": True}, "where.0.not"),
    ("a = 1", "where.0"),
]
WRONG: list[tuple[dict[str, Any], str]] = [
    *(({"where": [each]}, field) for each, field in NO_CONDITION),
    ({"where": {}}, "where"),
    ({"sort": ["a"]}, "sort.0"),
    ({"sort": [{"column": "a", "descending": "yes"}]}, "sort.0.descending"),
    ({"sort": [{"column": "a"}, {"column": "a", "descending": True}]}, "sort"),
    ({"limit": 0}, "limit"),
    ({"limit": "3"}, "limit"),
    ({"limit": True}, "limit"),
    ({"limit": 2.0}, "limit"),
]


def post(client: APIClient, body: dict[str, Any]) -> Any:
    return client.post("/api/compute/non_null", {"file_path": "t.csv", "columns": ["a"]} | body, format="json")


@pytest.mark.parametrize(("body", "field"), WRONG)
def test_what_cannot_be_meant_is_refused_by_its_name(client: APIClient, body: dict[str, Any], field: str) -> None:
    answer = post(client, body)
    assert answer.status_code == 400
    assert [each["field"].rpartition(".non_field_errors")[0] or each["field"] for each in answer.json()["errors"]] == [
        field
    ]


@pytest.mark.django_db(transaction=True)
def test_the_rows_asked_for_come_in_the_order_asked_for(
    client: APIClient, runner: RunningRunner, compute_root: Path
) -> None:
    write_table(compute_root, "csv", [{"a": 1, "b": "x"}, {"a": 3, "b": "x"}, {"a": 2, "b": "x"}, {"a": 9, "b": "y"}])
    asked = {"where": [{"column": "b", "op": "=", "value": "x"}], "sort": [{"column": "a", "descending": True}]}
    answer = post(client, {"file_path": "table.csv", "limit": 2, **asked})
    assert answer.status_code == 200, answer.json()
    assert [row["a"] for row in read_table(compute_root / answer.json()["file_path"])] == ["3", "2"]


def test_rows_are_asked_for_by_conditions_alone(client: APIClient, compute_root: Path) -> None:
    (compute_root / "t.csv").write_text("a\n1\n")
    assert client.post("/api/compute/non_null", {"file_path": "t.csv"}, format="json").status_code == 400
    body = {"file_path": "t.csv", "where": [{"column": "a", "op": "=", "value": 1}]}
    answer = client.post("/api/compute/non_null", body, format="json", headers={"Prefer": "respond-async"})
    assert (answer.status_code, answer.json()["parameters"]["columns"]) == (202, [])
