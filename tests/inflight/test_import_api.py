"""The import's HTTP face: the documented answers, and every refusal."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django_q.models import OrmQ
from rest_framework.test import APIClient

from inflight.models import Customer, ImportRun
from inflight.services.imports import run_queued_imports
from tests.inflight.conftest import CUSTOMER_HEADER, CUSTOMERS, PURCHASE_HEADER, PURCHASES
from tests.sessions import lock_held_elsewhere

pytestmark = pytest.mark.django_db

Write = Callable[..., str]


@pytest.fixture
def body(write: Write) -> dict[str, Any]:
    """A request for two customers and three purchases."""
    return {
        "customers_file_path": write("customers.csv", CUSTOMERS),
        "purchased_file_path": write("purchases.csv", PURCHASES),
    }


@pytest.fixture
def bad_body(write: Write) -> dict[str, Any]:
    """A request whose purchases hold one good row and three bad ones."""
    rows = ["1/1;1;P;1;1;EUR;2024-01-01", "1/2;9;P;0;1;EUR;2024-01-01", "1/3;1;P;1;1;XXY;2024-01-01", "x"]
    return {
        "customers_file_path": write("customers.csv", CUSTOMERS),
        "purchased_file_path": write("purchases.csv", [PURCHASE_HEADER, *rows]),
    }


def post(api: APIClient, body: Any, **headers: str) -> Any:
    return api.post("/api/import-csv", body, format="json", headers=headers)


def test_imports_and_answers_201_with_the_counts(api: APIClient, body: dict[str, Any]) -> None:
    response = post(api, body)
    run = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"/api/imports/{run['id']}"
    assert run["status"] == "completed"
    none = {"updated": 0, "unchanged": 0, "rejected": 0, "skipped": 0}
    assert run["customers"] == {"read": 2, "inserted": 2} | none
    assert run["purchases"] == {"read": 3, "inserted": 3} | none
    assert api.get(response["Location"]).json() == run


def test_the_path_of_the_requirement_works_too(api: APIClient, body: dict[str, Any]) -> None:
    assert api.post("/import-csv", body, format="json").status_code == 201


def test_records_who_asked(api: APIClient, body: dict[str, Any]) -> None:
    assert post(api, body, authorization="Bearer test-token").json()["requested_by"] == "api-token"


def test_a_dry_run_changes_nothing(api: APIClient, body: dict[str, Any]) -> None:
    run = post(api, body | {"dry_run": True}).json()
    assert (run["dry_run"], run["customers"]["inserted"], Customer.objects.count()) == (True, 2, 0)


def test_respond_async_queues_the_import_for_a_worker(api: APIClient, body: dict[str, Any]) -> None:
    response = post(api, body, prefer="respond-async")
    assert (response.status_code, response.json()["status"]) == (202, "queued")
    assert OrmQ.objects.count() == 1
    run_queued_imports()
    assert api.get(response["Location"]).json()["status"] == "completed"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"customers_file_path": "{root}/gone.csv"}, 404, "customers_file_path"),
        ({"purchased_file_path": "{root}/gone.csv"}, 404, "purchased_file_path"),
        ({"customers_file_path": "/etc/passwd"}, 403, "customers_file_path"),
        ({"customers_file_path": "{root}/../x.csv"}, 403, "customers_file_path"),
        ({"customers_file_path": "{root}"}, 400, "customers_file_path"),
        ({"customers_file_path": "{root}/purchases.csv"}, 400, "customers_file_path"),
        ({"customers_file_path": ""}, 400, "customers_file_path"),
        ({"customers_file_path": None}, 400, "customers_file_path"),
        ({"customers_file_path": "{root}/a\0b"}, 400, "customers_file_path"),
        ({"purchased_file_path": 5}, 400, "purchased_file_path"),
        ({"dry_run": "perhaps"}, 400, "dry_run"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refuses_with_a_problem_that_names_the_field_and_imports_nothing(
    api: APIClient, body: dict[str, Any], tmp_path: Path, change: dict[str, Any], status: int, field: str
) -> None:
    change = {key: value.format(root=tmp_path) if isinstance(value, str) else value for key, value in change.items()}
    response = post(api, body | change)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert (ImportRun.objects.count(), Customer.objects.count()) == (0, 0)


@pytest.mark.parametrize("missing", ["customers_file_path", "purchased_file_path"])
def test_both_paths_are_required(api: APIClient, body: dict[str, Any], missing: str) -> None:
    del body[missing]
    assert post(api, body).json()["errors"][0]["field"] == missing


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"customer_id;title\n", "lacks the columns lastname"),
        (CUSTOMER_HEADER.encode() + "\n1;2;é€".encode() + b"\xe9;;;;\n", "not UTF-8: byte"),
    ],
    ids=["empty", "missing column", "damaged UTF-8"],
)
def test_an_unusable_csv_is_400_and_imports_nothing(
    api: APIClient, body: dict[str, Any], write: Write, content: bytes, says: str
) -> None:
    response = post(api, body | {"customers_file_path": write("bad.csv", content)})
    assert response.status_code == 400
    assert says in response.json()["detail"]
    assert Customer.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_second_import_meanwhile_is_409_with_the_first_ones_address(api: APIClient, body: dict[str, Any]) -> None:
    running = ImportRun.objects.create(status=ImportRun.Status.RUNNING)
    with lock_held_elsewhere("import"):
        response = post(api, body)
    assert (response.status_code, response["Location"]) == (409, f"/api/imports/{running.pk}")


def test_rejects_are_listed_as_json_in_pages(api: APIClient, bad_body: dict[str, Any]) -> None:
    run = post(api, bad_body).json()
    assert run["status"] == "completed_with_rejects"
    first = api.get(f"/api/imports/{run['id']}/rejects?limit=2")
    assert [(row["file"], row["line"]) for row in first.json()] == [("purchases", 3), ("purchases", 4)]
    assert [reason["field"] for reason in first.json()[0]["reasons"]] == ["quantity", "customer_id"]
    following = first["Link"].partition(">")[0].removeprefix("<")
    last = api.get(following)
    assert [row["raw"] for row in last.json()] == ["x"]
    assert "Link" not in last


def test_rejects_are_a_csv_file_when_asked_for(api: APIClient, bad_body: dict[str, Any]) -> None:
    run = post(api, bad_body).json()
    response = api.get(f"/api/imports/{run['id']}/rejects", headers={"accept": "text/csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode(), newline=""), delimiter=";"))
    assert [(row["file"], row["line"], row["raw"]) for row in rows][2] == ("purchases", "5", "x")
    assert rows[0]["purchase_identifier"] == "1/2"
    assert "not a positive whole number" in rows[0]["reasons"]


def test_an_unknown_import_is_a_json_problem_even_when_csv_was_asked_for(api: APIClient) -> None:
    response = api.get("/api/imports/99/rejects", headers={"accept": "text/csv"})
    assert (response.status_code, response.json()["status"]) == (404, 404)


def test_imports_are_listed_newest_first(api: APIClient, body: dict[str, Any]) -> None:
    ids = [post(api, body).json()["id"] for _ in range(3)]
    assert [run["id"] for run in api.get("/api/imports").json()] == ids[::-1]


def test_customers_are_shown_in_the_partners_shape(api: APIClient, body: dict[str, Any]) -> None:
    post(api, body)
    expected = {
        "salutation": "Mme",
        "last_name": "Galante",
        "first_name": "Marie",
        "email": "m@fr.fr",
        "purchases": [
            {"product_id": "0071", "price": 0, "currency": "euros", "quantity": 1, "purchased_at": "2024-11-03"}
        ],
    }
    assert api.get("/api/customers/2").json() == expected
    assert api.get("/api/customers").json()[1] == expected
    assert api.get("/api/customers/3").status_code == 404
