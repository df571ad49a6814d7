"""POST /data: what is valid is kept and published to the byte; what is not changes nothing."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection
from django.test import Client

from ingest.models import DataEntry
from tests.fakes.kafka_reader import Arrived

pytestmark = pytest.mark.django_db

Read = Callable[[], list[Arrived]]
PUBLISHED = "Data saved and published to Kafka."
PENDING = "Data saved; publication to Kafka is pending."


def post(client: Client, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post("/api/data", data, content_type="application/json", headers=headers)


def test_a_record_is_kept_and_published_under_the_constant_key(client: Client, arrived: Read) -> None:
    response = post(client, {"content": "Hello, Kafka!"})

    entry = DataEntry.objects.get()
    assert (response.status_code, response.json()) == (201, {"id": entry.pk, "message": PUBLISHED})
    assert response["Location"] == f"/api/data/{entry.pk}"
    assert entry.content == "Hello, Kafka!"
    assert entry.published_at is not None
    [record] = arrived()
    created_at = entry.created_at.isoformat().replace("+00:00", "Z")
    assert record.key == b"data_entry"
    assert record.entry_id == entry.pk
    assert record.json() == {"id": entry.pk, "content": "Hello, Kafka!", "created_at": created_at}


def test_the_path_without_prefix_is_the_same(client: Client) -> None:
    response = client.post("/data", b'{"content": "x"}', content_type="application/json")
    assert response.json()["message"] == PUBLISHED


@pytest.mark.parametrize(
    "content", ["", " ", "🛩️ Привет, «мир»", '"quotes" and \\ and \'', "\n\t\x01\x7f", "\u2028", "%s {}"]
)
def test_text_arrives_to_the_byte(client: Client, arrived: Read, content: str) -> None:
    entry_id = post(client, {"content": content}).json()["id"]

    assert DataEntry.objects.get().content == content
    assert client.get(f"/api/data/{entry_id}").json()["content"] == content
    assert b"".join(client.get("/api/data")).decode().count("content") == 1
    assert orjson.loads(b"".join(client.get("/api/data")))[0]["content"] == content
    assert arrived()[0].json()["content"] == content


def test_a_bulk_is_one_answer_per_object_in_order(client: Client, arrived: Read) -> None:
    contents = [f"item {number}" for number in range(500)]

    response = post(client, [{"content": content} for content in contents])

    answers = response.json()
    assert response.status_code == 201
    assert {answer["message"] for answer in answers} == {PUBLISHED}
    kept = DataEntry.objects.in_bulk()
    assert [kept[answer["id"]].content for answer in answers] == contents
    assert [record.json()["content"] for record in arrived()] == contents
    assert all(entry.published_at for entry in kept.values())


def test_respond_async_leaves_it_to_the_relay(client: Client, arrived: Read) -> None:
    response = post(client, {"content": "x"}, Prefer="respond-async")

    assert (response.status_code, response.json()["message"]) == (201, PENDING)
    assert DataEntry.objects.get().published_at is None
    assert arrived() == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "content"),
        ({"content": None}, 400, "content"),
        ({"content": 5}, 400, "content"),
        ({"content": {"nested": "x"}}, 400, "content"),
        ({"content": ["x"]}, 400, "content"),
        ({"content": "a\0b"}, 400, "content"),
        ({"content": "x" * 1_000_000}, 413, "content"),
        ({"content": '"' * 500_000}, 413, "content"),
        ([], 400, "content"),
        (None, 400, "content"),
        (5, 400, "content"),
        ("", 400, "content"),
        ([{"content": "good"}, {"content": 5}], 400, "1.content"),
        ([{"content": "good"}, {}], 400, "1.content"),
        ([{"content": "good"}, 5], 400, "1.content"),
        ([{"content": "x"}] * 10_001, 400, "content"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(
    client: Client, arrived: Read, body: Any, status: int, field: str
) -> None:
    response = post(client, body)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not DataEntry.objects.exists()
    assert arrived() == []


@pytest.mark.parametrize(
    "body", [b" ", b"{", b'{"content": "\xff"}', b'{"content": "\\ud800"}', b'{"content": NaN}'],
    ids=["empty", "cut off", "bad UTF-8", "lone surrogate", "NaN"],
)  # fmt: skip
def test_what_is_not_json_is_400(client: Client, arrived: Read, body: bytes) -> None:
    response = post(client, body)

    assert response.status_code == 400
    assert "not JSON" in response.json()["detail"]
    assert not DataEntry.objects.exists()
    assert arrived() == []


def test_a_body_past_the_limit_is_413(client: Client) -> None:
    response = post(client, b"[" + b" " * (16 * 1024 * 1024) + b"]")
    assert response.status_code == 413
    assert not DataEntry.objects.exists()


def test_another_media_type_is_415(client: Client) -> None:
    response = client.post("/api/data", b"content=x", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert not DataEntry.objects.exists()


@pytest.mark.parametrize(
    ("required", "token", "status"),
    [(False, "", 201), (False, "test-token", 201), (False, "wrong", 401), (True, "", 401), (True, "wrong", 401),
     (True, "test-token", 201)],
)  # fmt: skip
def test_tokens(client: Client, settings: Any, required: bool, token: str, status: int) -> None:
    settings.REQUIRE_TOKEN = required
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = post(client, {"content": "x"}, **headers)
    assert response.status_code == status
    assert ("WWW-Authenticate" in response) == (status == 401)
    assert DataEntry.objects.exists() == (status == 201)


def test_the_key_may_spread_over_partitions(client: Client, settings: Any, arrived: Read) -> None:
    settings.KAFKA_KEY = "entry-id"
    entry_id = post(client, {"content": "x"}).json()["id"]
    assert arrived()[0].key == str(entry_id).encode()


def test_a_database_that_is_away_is_a_500_problem(client: Client) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(refuse):
        response = post(client, {"content": "x"})
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
