"""Each operation of the API by no token, a wrong one, and one with each scope."""

import json
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from config.access.callers import Caller
from config.access.clients import create_client
from config.access.scopes import Scope
from tests.scopes_table import BLOCK, DOCUMENT, Operation, operations, table

pytestmark = pytest.mark.django_db

NEEDED: dict[Scope | None, set[str]] = {
    Scope.INFLIGHT_IMPORT: {"import_csv", "upload_import"},
    Scope.INFLIGHT_SEND: {"send_customers", "retry_delivery", "pause_delivery", "resume_delivery"},
    Scope.INFLIGHT_READ: {
        "list_imports", "get_import", "list_deliveries", "get_delivery", "list_purchases", "get_purchase",
    },
    Scope.PERSONAL_DATA: {
        "list_customers", "get_customer", "export_customer", "erase_customer", "list_rejects",
        "list_attempts",
    },
    Scope.CATALOG_READ: {
        "list_products", "get_product", "list_offers", "get_price_trend", "list_product_imports", "get_product_import",
        "list_product_rejects",
    },
    Scope.CATALOG_WRITE: {
        "create_product", "replace_product", "change_product", "delete_product", "register_product", "import_products",
    },
    Scope.METADATA_READ: {
        "list_metadata", "get_metadata", "get_latest_metadata", "list_metadata_names", "list_metadata_history",
        "validate_metadata", "metadata_schema",
    },
    Scope.METADATA_WRITE: {"create_metadata", "delete_metadata", "restore_metadata"},
    Scope.DATA_READ: {"list_data", "get_data"},
    Scope.DATA_WRITE: {"post_data"},
    Scope.COMPUTE_RUN: {
        "group_by", "non_null", "stats", "profile", "cancel_job",
        "upload_form", "upload_file", "rename_file", "delete_file",
    },
    Scope.COMPUTE_READ: {"list_jobs", "get_job", "list_files", "download_file", "preview_file"},
    None: {"health", "live", "ready"},
}  # fmt: skip
SCOPE_OF = {name: scope for scope, names in NEEDED.items() for name in names}
OPERATIONS = {each.name: each for each in operations()}
VALUES = {
    "{id}": "1",
    "{customer_id}": "000000001",
    "{purchase_identifier}": "1",
    "{path}": "t.csv",
    "{file_path}": "t.csv",
}


def status(api: APIClient, operation: Operation, token: str = "") -> int:
    """Call an operation on what is not there, and return the answer's status."""
    path = operation.path
    for name in [part for part in path.split("/") if part.startswith("{")]:
        is_uuid = "products" in path or "metadata" in path
        path = path.replace(name, "01890000-0000-7000-8000-000000000000" if is_uuid else VALUES.get(name, "1"))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    call: Any = getattr(api, operation.method.lower())
    if operation.method == "GET":
        return int(call(path, headers=headers).status_code)
    if operation.name in {"upload_form", "upload_import", "import_products"}:
        return int(call(path, {"nonsense": "1"}, headers=headers, format="multipart").status_code)
    kind = "application/octet-stream" if operation.name == "upload_file" else "application/json"
    return int(call(path, json.dumps({"nonsense": 1}), headers=headers, content_type=kind).status_code)


def test_every_operation_is_in_the_table_with_its_scope() -> None:
    assert {name: each.scope or None for name, each in OPERATIONS.items()} == SCOPE_OF


def test_the_documented_table_is_that_of_the_code() -> None:
    found = BLOCK.search(DOCUMENT.read_text())
    assert found
    assert found[0] == table()


@pytest.mark.parametrize("name", sorted(SCOPE_OF))
def test_an_operation_is_open_to_its_scope_alone(api: APIClient, settings: Any, name: str, tmp_path: Path) -> None:
    settings.REQUIRE_TOKEN, settings.COMPUTE_ROOT = True, str(tmp_path)
    operation, needed = OPERATIONS[name], SCOPE_OF[name]
    tokens = {scope: create_client(name=f"c-{n}", scopes=[scope])[1] for n, scope in enumerate(Scope)}

    answers = {scope: status(api, operation, token) for scope, token in tokens.items()}

    assert status(api, operation) == status(api, operation, "wrong") == (401 if needed else answers[Scope.ADMIN])
    refused = {scope for scope, answer in answers.items() if answer == 403}
    assert refused == (set(Scope) - {needed, Scope.ADMIN} if needed else set())
    assert {answers[scope] for scope in set(Scope) - refused}.isdisjoint({401, 403, 405, 500})


def test_a_refusal_says_which_scope_is_missing(api: APIClient, settings: Any) -> None:
    settings.REQUIRE_TOKEN = True
    token = create_client(name="pos", scopes=["data:write"])[1]

    unknown = api.get("/api/imports")
    known = api.get("/api/imports", headers={"Authorization": f"Bearer {token}"})

    assert "inflight:read" in unknown.json()["detail"]
    assert unknown.headers["WWW-Authenticate"] == "Bearer"
    assert "lacks the scope inflight:read" in known.json()["detail"]
    assert known.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="inflight:read"'


def test_a_token_is_held_to_its_scopes_where_the_api_is_open_too(api: APIClient) -> None:
    token = create_client(name="pos", scopes=["data:write"])[1]

    assert api.get("/api/imports").status_code == 200
    assert api.get("/api/imports", headers={"Authorization": f"Bearer {token}"}).status_code == 403


@pytest.mark.parametrize(("scopes", "code"), [(["inflight:send"], 403), (["inflight:send", Scope.PERSONAL_DATA], 200)])
def test_a_dry_run_shows_people_to_those_who_may_see_them(api: APIClient, scopes: list[str], code: int) -> None:
    token = create_client(name="pos", scopes=scopes)[1]

    answer = api.post(
        "/api/send-customers", {"dry_run": True}, format="json", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == code


@pytest.mark.parametrize(("scope", "code"), [("data:read", 403), ("metrics:read", 200), ("admin", 200)])
def test_the_metrics_have_a_scope_of_their_own(api: APIClient, settings: Any, scope: str, code: int) -> None:
    settings.REQUIRE_TOKEN = True
    token = create_client(name="prometheus", scopes=[scope])[1]

    assert api.get("/api/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == code


def test_admin_may_do_everything() -> None:
    assert all(Caller(sub="a", scopes=frozenset({Scope.ADMIN})).has(scope) for scope in Scope)
