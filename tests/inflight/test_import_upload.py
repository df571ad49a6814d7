"""`POST /imports`: two files as a form, imported as those of import-csv."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_q.models import OrmQ
from rest_framework.test import APIClient

from inflight.models import Customer, ImportRun
from inflight.services.imports import run_queued_imports
from tests.inflight.conftest import CUSTOMERS, PURCHASES

pytestmark = pytest.mark.django_db


def file(name: str, lines: list[str]) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, ("\n".join(lines) + "\n").encode())


def form(customers: list[str] = CUSTOMERS, purchases: list[str] = PURCHASES, **others: Any) -> dict[str, Any]:
    return {"customers_file": file("c.csv", customers), "purchases_file": file("p.csv", purchases)} | others


def post(api: APIClient, body: dict[str, Any], **headers: str) -> Any:
    return api.post("/api/imports", body, format="multipart", headers=headers)


def left(tmp_path: Path) -> list[str]:
    """Return the names of the files that are kept of uploads."""
    return sorted(each.name for each in (tmp_path / "uploads").rglob("*.csv"))


def test_imports_and_answers_as_import_csv_does(api: APIClient) -> None:
    response = post(api, form())
    run = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"/api/imports/{run['id']}"
    assert (run["customers"]["inserted"], run["purchases"]["inserted"]) == (2, 3)
    assert api.get(response["Location"]).json() == run


def test_the_path_without_api_works_too(api: APIClient) -> None:
    assert api.post("/imports", form(), format="multipart").status_code == 201


def test_a_dry_run_changes_nothing_and_its_files_are_kept_to_be_imported(api: APIClient, tmp_path: Path) -> None:
    assert post(api, form(dry_run="true")).json()["dry_run"] is True
    assert not Customer.objects.exists()
    assert left(tmp_path) == ["customers_file-c.csv", "purchases_file-p.csv"]


def test_of_a_long_name_in_any_script_its_end_is_kept(api: APIClient, tmp_path: Path) -> None:
    assert post(api, form() | {"customers_file": file("a" + "漢" * 100 + ".csv", CUSTOMERS)}).status_code == 201
    assert left(tmp_path) == [f"customers_file-{'漢' * 32}.csv", "purchases_file-p.csv"]


def test_with_prefer_a_worker_imports(api: APIClient) -> None:
    response = post(api, form(), prefer="respond-async")
    assert (response.status_code, response.json()["status"]) == (202, "queued")
    assert OrmQ.objects.count() == 1
    run_queued_imports()
    assert api.get(response["Location"]).json()["status"] == "completed"


def test_a_key_makes_one_import_of_it_however_often_it_is_sent(api: APIClient, tmp_path: Path) -> None:
    headers = {"idempotency-key": "once"}
    first, again = post(api, form(), **headers), post(api, form(), **headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert ImportRun.objects.count() == 1
    assert len(left(tmp_path)) == 2, "of the repetition nothing is kept"
    other = post(api, form(customers=CUSTOMERS[:2]), **headers)
    assert (other.status_code, ImportRun.objects.count()) == (422, 1)


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"customers_file": None}, "customers_file", "Send the file as the form's field `customers_file`."),
        ({"purchases_file": None}, "purchases_file", "Send the file as the form's field `purchases_file`."),
        ({"purchases_file": "a text"}, "purchases_file", "Send the file as the form's field `purchases_file`."),
        ({"dry_run": "yes"}, "dry_run", "must be true or false."),
        ({"dry_rnu": "true"}, "dry_rnu", "unknown; did you mean dry_run?"),
        ({"purchase_file": file("x.csv", ["x"])}, "purchase_file", "unknown; did you mean purchases_file?"),
        (
            {"purchases_file": [file("p.csv", PURCHASES), file("q.csv", PURCHASES)]},
            "purchases_file",
            "given more than once.",
        ),
        ({"purchases_file": file("p.csv", [])}, "purchases_file", "purchases_file is empty"),
        ({"customers_file": file("c.csv", ["a;b"])}, "customers_file", "customers_file lacks the columns"),
    ],
)
def test_what_is_wrong_is_told_with_the_field(
    api: APIClient, tmp_path: Path, change: dict[str, Any], field: str, told: str
) -> None:
    body = {name: value for name, value in (form() | change).items() if value is not None}
    response = post(api, body)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["field"] == field
    assert error["message"].startswith(told)
    assert left(tmp_path) == []
    assert str(tmp_path) not in response.content.decode()
    assert not Customer.objects.exists()


def test_more_than_the_limit_is_413_and_nothing_is_kept(api: APIClient, settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_MAX_UPLOAD = 200
    response = post(api, form())
    assert response.status_code == 413
    assert "IMPORT_MAX_UPLOAD" in response.json()["detail"]
    assert left(tmp_path) == []


def test_a_form_that_ends_early_is_refused(api: APIClient, tmp_path: Path) -> None:
    body: Any = (
        b'--x\r\nContent-Disposition: form-data; name="customers_file"; filename="c.csv"\r\n\r\na\r\n'
        b'--x\r\nContent-Disposition: form-data; name="purchases_file"; filename="p.csv"\r\n\r\nhalf'
    )
    response = api.generic("POST", "/api/imports", body, content_type="multipart/form-data; boundary=x")
    assert (response.status_code, response.json()["detail"]) == (400, "The form ends before its closing boundary.")
    assert left(tmp_path) == []


def test_another_media_type_is_415(api: APIClient) -> None:
    assert api.post("/api/imports", {}, format="json").status_code == 415


def test_it_needs_the_token_that_import_csv_needs(api: APIClient, settings: Any) -> None:
    settings.REQUIRE_TOKEN = True
    assert post(api, form()).status_code == 401
    assert post(api, form(), authorization="Bearer test-token").status_code == 201
