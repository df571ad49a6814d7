"""The pages that are no admin's: whatever a parameter, a field or an address says, the answer is no 500."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from compute.jobs import services
from compute.models import Job
from tests.factories_catalog import ProductFactory
from tests.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)  # what PostgreSQL refuses would spoil a transaction of the test

NUL = "\0"
LONG = "9" * 300
NONSENSE = [
    "", "x", NUL, LONG, "-1", "NaN", "%", "[", "a:b", "é😀", "../x", "/etc/passwd", "csv", "2026-13-45",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
]  # fmt: skip
CONDITIONS: Callable[[str], list[Any]] = lambda value: [  # noqa: E731 - a table that needs a value
    [value, "=", value], ["a", value, 1], ["a", "in", [value]], ["a", "in", [value, 1]], ["a", "=", {value: value}],
    ["a", "contains", None], ["a", "is_null", value], [value], value, {"a": value}, ["a", ">", 1e300],
]  # fmt: skip
each_value = pytest.mark.parametrize("value", NONSENSE)


@pytest.fixture
def places(settings: Any, tmp_path: Path) -> dict[str, Any]:
    """What the addresses of the table are about; nobody waits for jobs."""
    settings.COMPUTE_ROOT, settings.COMPUTE_WAITERS = str(tmp_path), 0
    (tmp_path / "table.csv").write_text("a\n1\n")
    asked = services.Request("stats", {"columns": ["a"], "by": []}, "table.csv", "ana")
    waiting, done = (services.submit_job(asked, fresh=True) for _ in range(2))
    Job.objects.filter(pk=done.pk).update(status="done", result_path="table.csv")
    return {"product": ProductFactory().pk, "done": done.pk, "waiting": waiting.pk}


QUERIES = {
    "/": ("x",),
    "/login": ("next",),
    "/catalogue": ("q", "after", "x"),
    "/catalogue/{product}": ("start", "end", "period", "compare", "find"),
    "/workbench": ("after",),
    "/workbench/files/table.csv": (
        "retried",
        "draft",
        "input_format",
        "encoding",
        "delimiter",
        "decimal",
        "null_values",
        "where",
        "by",
        "compute",
        "sort",
        "limit",
        "order",
        "row",
        "find",
        "columns",
        "keep",
        "kind",
        "y",
        "x",
    ),
    "/workbench/jobs": ("after", "mine"),
    "/workbench/jobs/{done}": ("retried",),
}
FORMS = {  # an address, and what its form says where it says no nonsense
    "/login": {"username": "ana", "password": "x", "next": "/"},
    "/logout": {"next": "/"},
    "/workbench/files/table.csv?by=a&compute=mean:a": {"ask": "answer", "fresh": "1"},
    "/workbench/upload": {"file_path": "new.csv", "overwrite": "1", "file": ""},
    "/workbench/jobs/{done}/as": {"output_format": "json"},
    "/workbench/jobs/{waiting}/cancel": {"x": "1"},
}  # fmt: skip
ADDRESSES = {
    "get": (
        "/catalogue/{}", "/workbench/files/{}", "/workbench/download/{}", "/workbench/jobs/{}", "/workbench/jobs/{}/status",
    ),
    "post": ("/workbench/files/{}", "/workbench/jobs/{}/as", "/workbench/jobs/{}/cancel"),
}  # fmt: skip


def faults(calls: list[tuple[str, str, dict[str, Any]]]) -> list[Any]:
    """Return the calls, of a method to an address with data, that are answered with a 500."""
    found = []
    for method, address, data in calls:
        client = client_of("superuser")
        client.raise_request_exception = False
        answer = getattr(client, method)(address, data)
        answer.close()
        if answer.status_code >= 500:
            found.append((method, address, data))
    return found


@each_value
def test_no_value_of_a_parameter_is_a_500(places: dict[str, Any], value: str) -> None:
    asked = [(address.format(**places), name) for address, names in QUERIES.items() for name in names]
    assert faults([("get", address, {name: value}) for address, name in asked]) == []


@each_value
def test_no_value_of_a_field_is_a_500(places: dict[str, Any], value: str) -> None:
    calls = [("post", at.format(**places), form | {name: value}) for at, form in FORMS.items() for name in form]
    assert faults(calls) == []


@each_value
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_part_of_a_question_is_a_500(places: dict[str, Any], method: str, value: str) -> None:
    questions: list[dict[str, Any]] = [
        {"by": ["a", value]},
        {"by": value, "compute": f"{value}:{value}", "sort": f"desc:{value}"},
        {"compute": f"describe:{value}", "limit": value},
        *({"where": json.dumps(condition), "order": f"asc:{value}"} for condition in CONDITIONS(value)),
    ]
    asked = [f"/workbench/files/table.csv?{urlencode(question, doseq=True)}" for question in questions]
    assert faults([(method, address, {"ask": "answer"} if method == "post" else {}) for address in asked]) == []


@each_value
@pytest.mark.parametrize("add", ["filter", "group", "compute", "sort", "order", "limit", "x"])
def test_nothing_that_is_added_to_a_question_is_a_500(places: dict[str, Any], add: str, value: str) -> None:
    whole = {"add": add, "column": "a", "op": "=", "value": "1", "figure": "sum", "direction": "asc"}
    assert faults([("get", "/workbench/files/table.csv", whole | {name: value}) for name in whole]) == []


@each_value
def test_no_name_of_an_uploaded_file_is_a_500(places: dict[str, Any], value: str) -> None:
    file = SimpleUploadedFile("new.csv", b"a\n1\n")
    assert faults([("post", "/workbench/upload", {"file": file, "file_path": value, "overwrite": value})]) == []


@each_value
def test_no_address_is_a_500(places: dict[str, Any], value: str) -> None:
    paths = [(method, path.format(quote(value))) for method, paths in ADDRESSES.items() for path in paths]
    assert faults([(method, path, {"ask": "profile", "output_format": "csv"}) for method, path in paths]) == []


@pytest.mark.parametrize("query", [{"start": "x"}, {"end": "2026-13-45"}, {"start": "2026-02-01", "end": "2026-01-01"}])
def test_a_period_that_is_none_is_a_400(places: dict[str, Any], query: dict[str, str]) -> None:
    assert client_of("anonymous").get(f"/catalogue/{places['product']}", query).status_code == 400
