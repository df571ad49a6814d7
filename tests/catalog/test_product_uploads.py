"""Files of products by the API: uploaded, at once or by a worker, and sent again."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product, ProductImport
from catalog.tasks import run_queued_imports
from config.api.imports.folders import drop_uploads
from tests.catalog.product_files import ROWS, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folders(settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_UPLOADS = str(tmp_path / "uploads")


def test_a_file_is_imported_as_it_is_uploaded(api: APIClient) -> None:
    answer = upload(api, "\n".join([*ROWS, "1;Bad;;"]).encode())
    run = answer.json()
    assert (answer.status_code, run["status"]) == (201, "completed_with_rejects")
    assert answer["Location"] == f"/api/product-imports/{run['id']}"
    assert (run["products"]["inserted"], run["products"]["rejected"]) == (2, 1)
    assert api.get(answer["Location"]).json() == run
    assert api.get("/api/product-imports", {"status": "completed_with_rejects"}).json() == [run]
    (reject,) = api.get(f"{answer['Location']}/rejects").json()
    assert (reject["line"], reject["row"]["name"]) == (4, "Bad")


def test_an_upload_is_named_as_the_form_has_it(api: APIClient) -> None:
    answer = upload(api, b"a;b\n1;2\n")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "products_file"
    assert answer.json()["detail"].startswith("products_file lacks the columns sku, name, category, description")


def test_an_upload_that_is_too_large_is_refused(api: APIClient, settings: Any) -> None:
    settings.IMPORT_MAX_UPLOAD = 1000
    answer = upload(api, b"x" * 2000)
    assert (answer.status_code, answer.json()["detail"]) == (
        413, "products_file may have at most 1,000 bytes (IMPORT_MAX_UPLOAD).",
    )  # fmt: skip


def test_a_worker_imports_for_who_does_not_wait(api: APIClient) -> None:
    answer = upload(api, "\n".join(ROWS).encode(), headers={"Prefer": "respond-async"})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert drop_uploads() == 0  # what it has still to read stays
    run_queued_imports()
    assert api.get(answer["Location"]).json()["status"] == "completed"
    assert Product.objects.count() == 2
    assert drop_uploads() == 1


def test_an_upload_that_is_sent_again_is_imported_once(api: APIClient) -> None:
    key = {"Idempotency-Key": "k"}
    first = upload(api, "\n".join(ROWS).encode(), headers=key)
    again = upload(api, "\n".join(ROWS).encode(), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert ProductImport.objects.count() == 1
