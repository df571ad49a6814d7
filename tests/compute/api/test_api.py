"""The calls of the requirement over HTTP, with a real runner; every refusal; the token on every route."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from rest_framework.test import APIClient

from compute.models import Job
from tests.compute.conftest import RunningRunner
from tests.compute.tables import read_table, write_table

ROWS: list[dict[str, Any]] = [
    {"shop": "007", "price": 1.5},
    {"shop": "12", "price": None},
    {"shop": "007", "price": 2.5},
]
STATS = {"file_path": "table.csv", "columns": ["price"]}
SECRET = "s" * 32


@pytest.fixture
def table(compute_root: Path) -> Path:
    return write_table(compute_root, "csv", ROWS)


def _post(client: APIClient, path: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api/compute/{path}", body, format="json", headers=headers)


@pytest.mark.parametrize("prefix", ["/api/compute", "/compute"])
def test_the_three_operations_answer_with_the_path_of_their_result(
    prefix: str, client: APIClient, runner: RunningRunner, compute_root: Path, table: Path
) -> None:
    calls: dict[str, tuple[dict[str, Any], list[str], int]] = {
        "group_by": ({"by": ["shop"], "aggregations": {"price": ["sum"]}}, ["shop", "price_sum"], 2),
        "non_null": ({"columns": ["price"]}, ["shop", "price"], 2),
        "stats": ({"columns": ["price"]}, ["column", "count", "nulls", "mean"], 1),
    }
    for operation, (parameters, columns, rows) in calls.items():
        answer = client.post(f"{prefix}/{operation}", {"file_path": "table.csv"} | parameters, format="json")

        assert answer.status_code == 200, answer.json()
        body = answer.json()
        assert body["rows"] == rows
        assert body["columns"][: len(columns)] == columns
        assert body["file_path"].startswith("results/")
        assert len(read_table(compute_root / body["file_path"])) == rows
        assert answer["Location"] == f"/api/compute/jobs/{body['job']}"


REFUSALS: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "unknown file": ("stats", STATS | {"file_path": "nothing.csv"}, 404, "file_path"),
    "outside": ("stats", STATS | {"file_path": "../table.csv"}, 403, "file_path"),
    "absolute": ("stats", STATS | {"file_path": "/etc/passwd"}, 403, "file_path"),
    "wrong format": ("stats", STATS | {"input_format": "doc"}, 400, "input_format"),
    "no columns": ("stats", {"file_path": "table.csv"}, 400, "columns"),
    "empty columns": ("non_null", STATS | {"columns": []}, 400, "columns"),
    "columns as text": ("non_null", STATS | {"columns": "price"}, 400, "columns"),
    "a column twice": ("non_null", STATS | {"columns": ["price", "price"]}, 400, "columns"),
    "unknown column": ("stats", STATS | {"columns": ["prize"]}, 400, "columns"),
    "not numeric": ("stats", {"file_path": "words.csv", "columns": ["word"]}, 400, "columns"),
    "unknown key": ("group_by", {"file_path": "table.csv", "by": ["shap"]}, 400, "by"),
    "neither groups nor figures": ("group_by", {"file_path": "table.csv", "aggregations": {"price": []}}, 400, "by"),
    "unknown aggregation": ("group_by", {"file_path": "table.csv", "by": ["shop"], "aggregations": {"price": ["mode"]}}, 400,
                            "aggregations.price.0"),
    "mean of text": ("group_by", {"file_path": "words.csv", "by": ["word"], "aggregations": {"word": ["mean"]}}, 400,
                     "aggregations.word"),
    "broken": ("stats", STATS | {"file_path": "broken.csv"}, 422, ""),
    "not JSON inside": ("stats", STATS | {"input_format": "json"}, 422, ""),
}  # fmt: skip


def test_every_refusal_names_the_field_and_leaves_no_result(
    client: APIClient, runner: RunningRunner, compute_root: Path, table: Path
) -> None:
    (compute_root / "table").write_bytes(table.read_bytes())
    (compute_root / "words.csv").write_text("word\nabc\n")
    (compute_root / "broken.csv").write_text("price,b\n1\n")
    for case, (operation, body, status, field) in REFUSALS.items():
        answer = _post(client, operation, body)

        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (status, status), (case, problem)
        assert answer["Content-Type"] == "application/problem+json"
        assert [error["field"] for error in problem.get("errors", [])] == ([field] if field else []), case
        assert str(compute_root) not in answer.content.decode()
    assert list((compute_root / "results").iterdir()) == []


ROUTES = [
    ("post", "group_by"), ("post", "non_null"), ("post", "stats"), ("get", "jobs"), ("get", "jobs/1"), ("delete", "jobs/1"),
    ("get", "files"), ("post", "files"), ("get", "files/a.csv"), ("put", "files/a.csv"), ("get", "files/a.csv/preview"),
]  # fmt: skip


def _token(**claims: Any) -> str:
    return jwt.encode({"sub": "ana", "exp": datetime.now(UTC) + timedelta(hours=1)} | claims, SECRET, algorithm="HS256")


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_route_needs_a_token(method: str, route: str, settings: Any) -> None:
    settings.JWT_KEY = SECRET
    wrong = [
        "", "Bearer", "Bearer wrong", "Basic dGVzdC10b2tlbg==", "test-token",
        f"Bearer {_token(exp=datetime.now(UTC) - timedelta(hours=1))}",
        f"Bearer {jwt.encode({'sub': 'ana'}, '', algorithm='none')}",
        f"Bearer {jwt.encode({'sub': 'ana'}, 'x' * 32, algorithm='HS256')}",
    ]  # fmt: skip
    for prefix in ("/api/compute", "/compute"):
        for token in wrong:
            headers = {"Authorization": token} if token else {}
            answer = getattr(APIClient(), method)(f"{prefix}/{route}", headers=headers)
            assert answer.status_code == 401, (token, answer.content)
            assert answer["WWW-Authenticate"] == "Bearer"
        accepted = getattr(APIClient(), method)(f"{prefix}/{route}", headers={"Authorization": f"Bearer {_token()}"})
        assert accepted.status_code not in (401, 403)


@pytest.mark.django_db
@pytest.mark.parametrize("spelling", ["test-token", "Bearer test-token"])
def test_the_token_may_be_a_field_of_a_json_body(spelling: str, api: APIClient) -> None:
    answer = _post(api, "stats", STATS | {"Authorization": spelling})

    assert answer.status_code == 404, "let in, and there is no such file"


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["wrong", "", None, 7, ["test-token"]])
def test_a_wrong_field_lets_nobody_in(value: Any, api: APIClient) -> None:
    assert _post(api, "stats", STATS | {"Authorization": value}).status_code == 401


@pytest.mark.django_db
def test_the_field_of_a_form_lets_nobody_in(api: APIClient) -> None:
    assert api.post("/api/compute/files", {"Authorization": "test-token"}, format="multipart").status_code == 401


@pytest.mark.django_db
def test_a_wrong_header_is_not_mended_by_the_field(api: APIClient) -> None:
    body = STATS | {"Authorization": "test-token"}

    assert _post(api, "stats", body, Authorization="Bearer wrong").status_code == 401


@pytest.mark.django_db
def test_the_subject_of_the_token_is_recorded(settings: Any, api: APIClient, table: Path) -> None:
    settings.JWT_KEY = SECRET

    answer = _post(api, "stats", STATS, Authorization=f"Bearer {_token()}", Prefer="respond-async")

    assert answer.status_code == 202
    assert Job.objects.get(pk=answer.json()["id"]).sub == "ana"


def test_preview_shows_columns_and_first_rows(client: APIClient, runner: RunningRunner, compute_root: Path) -> None:
    (compute_root / "t.json").write_text('[{"a": 123456789012345678901234567890}, {"a": 2, "b": "007"}, {"a": 3}]')

    answer = client.get("/api/compute/files/t.json/preview?rows=2")

    body = json.loads(answer.content)
    assert [column["name"] for column in body["columns"]] == ["a", "b"]
    assert body["rows"] == [{"a": 123456789012345678901234567890, "b": None}, {"a": 2, "b": "007"}]


def test_the_same_request_on_an_unchanged_file_is_answered_from_the_earlier_result(
    client: APIClient, runner: RunningRunner, table: Path
) -> None:
    first = _post(client, "stats", STATS).json()

    assert _post(client, "stats", STATS).json() == first
    assert _post(client, "stats", STATS, **{"Cache-Control": "no-cache"}).json()["job"] != first["job"]
    table.write_text("shop,price\n1,2\n")
    assert _post(client, "stats", STATS).json()["job"] != first["job"]
