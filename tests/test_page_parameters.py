"""Nonsense in the parameters and forms of a page is told to the user, and is no 500."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from compute.models import Job
from tests.factories_catalog import ProductFactory
from tests.people import client_of
from tests.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True)
NONSENSE = ["", "x", "\0", "-1", "1e999999", "9" * 300, "%", "'\"", "é😀", "../..", "9999-12-31T23:59:59-14:00"]
PRODUCT = "00000000-0000-4000-8000-000000000001"
GETS = {
    "/catalogue": ["q", "after"],
    f"/catalogue/{PRODUCT}": ["period", "start", "end"],
    "/workbench": ["after"],
    "/workbench/files/t.csv": ["find", "input_format", "retried"],
    "/workbench/jobs": ["mine", "after"],
    "/workbench/jobs/1": ["measure", "retried"],
    "/workbench/jobs/1/status": ["measure", "retried"],
}
POSTS = {
    "/workbench/files/t.csv": ["operation", "by", "columns", "aggregations", "output_format", "is_fresh"],
    "/workbench/jobs/1/as": ["output_format"],
    "/workbench/upload": ["file_path", "overwrite"],
    "/login/": ["username", "next"],
}


@pytest.fixture
def user(settings: Any, tmp_path: Path) -> Client:
    settings.COMPUTE_ROOT = str(tmp_path)
    settings.COMPUTE_WAITERS = 0
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    ProductFactory(pk=PRODUCT)
    make_rows(Job, 1)
    Job.objects.update(id=1, parameters={"columns": ["a"], "by": []})
    client = client_of("superuser")
    client.raise_request_exception = False
    return client


def faults(client: Client, method: str, pages: dict[str, list[str]]) -> list[str]:
    """Return what is answered with a 500."""
    tries = [(path, name, value) for path, names in pages.items() for name in names for value in NONSENSE]
    answers = {(path, name, value): getattr(client, method)(path, {name: value}) for path, name, value in tries}
    return [
        f"{path} {name}={value[:40]!r}" for (path, name, value), answer in answers.items() if answer.status_code >= 500
    ]


def test_no_query_of_a_page_is_a_500(user: Client) -> None:
    assert faults(user, "get", GETS) == []


def test_no_field_of_a_form_is_a_500(user: Client) -> None:
    assert faults(user, "post", POSTS) == []
