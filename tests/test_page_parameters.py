"""The pages that are no admin's: whatever a parameter, a field or an address says, the answer is no 500."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

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
    "/workbench/files/table.csv": ("retried", "find", "input_format"),
    "/workbench/jobs": ("after", "mine"),
    "/workbench/jobs/{done}": ("retried",),
}
FORMS = {  # an address, and what its form says where it says no nonsense
    "/login": {"username": "ana", "password": "x", "next": "/"},
    "/logout": {"next": "/"},
    "/workbench/files/table.csv": {
        "operation": "group_by", "by": "a", "columns": "a", "aggregation": "mean:a", "output_format": "csv", "fresh": "1",
    },
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
@pytest.mark.parametrize("operation", ["group_by", "non_null", "stats"])
def test_no_column_of_an_operation_is_a_500(places: dict[str, Any], operation: str, value: str) -> None:
    chosen: list[dict[str, Any]] = [
        {"by": ["a", value]},
        {"columns": [value, value]},
        {"aggregation": f"{value}:{value}"},
    ]
    assert faults([("post", "/workbench/files/table.csv", {"operation": operation} | each) for each in chosen]) == []


@each_value
def test_no_name_of_an_uploaded_file_is_a_500(places: dict[str, Any], value: str) -> None:
    file = SimpleUploadedFile("new.csv", b"a\n1\n")
    assert faults([("post", "/workbench/upload", {"file": file, "file_path": value, "overwrite": value})]) == []


@each_value
def test_no_address_is_a_500(places: dict[str, Any], value: str) -> None:
    paths = [(method, path.format(quote(value))) for method, paths in ADDRESSES.items() for path in paths]
    assert faults([(method, path, {"operation": "stats", "output_format": "csv"}) for method, path in paths]) == []


@pytest.mark.parametrize("query", [{"start": "x"}, {"end": "2026-13-45"}, {"start": "2026-02-01", "end": "2026-01-01"}])
def test_a_period_that_is_none_is_a_400(places: dict[str, Any], query: dict[str, str]) -> None:
    assert client_of("anonymous").get(f"/catalogue/{places['product']}", query).status_code == 400
