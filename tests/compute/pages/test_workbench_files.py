"""Files at the workbench: renamed, deleted, and their rows chosen."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from compute.models import Job
from tests.compute.pages.workbench import preview, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(compute_root: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (compute_root / name).write_text(f"{name}\n1\n")


def test_a_file_gets_another_name(ana: Client, compute_root: Path) -> None:
    answer = ana.post("/workbench/rename/a.csv", {"to": "2026/c d.csv"})
    assert (answer.status_code, answer["Location"]) == (302, "/workbench/files/2026/c%20d.csv")
    assert (compute_root / "2026/c d.csv").read_text() == "a.csv\n1\n"


def test_a_name_that_is_taken_is_said_on_the_page(ana: Client, compute_root: Path) -> None:
    answer = ana.post("/workbench/rename/a.csv", {"to": "b.csv"})
    assert answer.status_code == 409
    assert "There is a file of this name." in text_of(answer)
    assert 'value="b.csv"' in answer.content.decode()
    assert (compute_root / "b.csv").read_text() == "b.csv\n1\n"

    assert ana.post("/workbench/rename/a.csv", {"to": "b.csv", "overwrite": "on"}).status_code == 302
    assert (compute_root / "b.csv").read_text() == "a.csv\n1\n"


def test_a_file_is_deleted(ana: Client, compute_root: Path) -> None:
    answer = ana.post("/workbench/delete/a.csv")
    assert (answer.status_code, answer["Location"]) == (302, "/workbench")
    assert not (compute_root / "a.csv").exists()


@pytest.mark.parametrize(
    ("chosen", "condition"),
    [
        ({"where_column": "number:n", "where_op": ">", "where_value": "1.5"}, {"op": ">", "value": 1.5}),
        ({"where_column": "text:n", "where_op": "=", "where_value": "007"}, {"op": "=", "value": "007"}),
        ({"where_column": "number:n", "where_op": "=", "where_value": "many"}, {"op": "=", "value": "many"}),
        ({"where_column": "number:n", "where_op": "is_null", "where_value": ""}, {"op": "is_null"}),
        ({"where_column": "text:n", "where_op": "not_null"}, {"op": "is_null", "value": False}),
        ({"where_column": "", "where_op": "=", "where_value": "x"}, None),
    ],
)
def test_rows_are_chosen_by_a_condition(ana: Client, chosen: dict[str, str], condition: dict[str, Any] | None) -> None:
    ana.post("/workbench/files/a.csv", {"operation": "non_null", "columns": "a.csv"} | chosen)
    where = Job.objects.exclude(operation="preview").get().parameters.get("where")
    assert where == (None if condition is None else [{"column": "n"} | condition])


def test_a_condition_that_needs_a_value_is_said_where_it_lacks(ana: Client) -> None:
    preview("a.csv")
    chosen = {"where_column": "text:n", "where_op": "contains", "where_value": ""}
    answer = ana.post("/workbench/files/a.csv", {"operation": "non_null", "columns": "a.csv"} | chosen)
    assert answer.status_code == 400
    assert "where: Give the text that a cell must have in it." in text_of(answer)
