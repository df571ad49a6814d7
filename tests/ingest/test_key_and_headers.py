"""A key and headers of the sender's own become the record's; ours stay ours."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.test import Client

from ingest.api.entry_input import MOST_HEADER_BYTES, MOST_HEADERS, MOST_KEY_BYTES
from ingest.models import DataEntry
from ingest.services import relay_waiting
from tests.fakes.kafka_reader import Arrived

pytestmark = pytest.mark.django_db

Read = Callable[[], list[Arrived]]


def post(client: Client, body: Any, **headers: str) -> Any:
    return client.post("/api/data", orjson.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.parametrize("prefer", ["", "respond-async"])
def test_they_become_the_records_whoever_publishes_it(client: Client, arrived: Read, prefer: str) -> None:
    given = {"content": "x", "key": "flight é", "headers": {"source": "pos-7", "Größe": "", "a": "b"}}

    answer = post(client, given, Prefer=prefer)
    relay_waiting(seconds=10)

    [record] = arrived()
    ours = {"entry-id": str(answer.json()["id"]).encode(), "content-type": b"application/json"}
    assert record.key == "flight é".encode()
    assert record.headers == ours | {"source": b"pos-7", "Größe": b"", "a": b"b"}
    assert set(record.json()) == {"id", "content", "created_at"}
    shown = client.get(answer["Location"]).json()
    assert (shown["key"], shown["headers"]) == (given["key"], given["headers"])


def test_each_of_an_array_has_its_own(client: Client, arrived: Read, settings: Any) -> None:
    settings.KAFKA_KEY = "entry-id"
    body = [{"content": "a", "key": "k"}, {"content": "b"}, {"content": "c", "headers": {"h": "1"}, "key": "l"}]

    ids = [str(answer["id"]).encode() for answer in post(client, body).json()]

    assert [(r.json()["content"], r.key, r.headers.get("h")) for r in sorted(arrived(), key=lambda r: r.entry_id)] == [
        ("a", b"k", None),
        ("b", ids[1], None),
        ("c", b"l", b"1"),
    ]


def test_a_record_without_them_says_only_what_it_is(client: Client, arrived: Read) -> None:
    answer = post(client, {"content": "x", "headers": {}})
    [record] = arrived()
    assert record.key == b"data_entry"
    assert record.headers == {"entry-id": str(answer.json()["id"]).encode(), "content-type": b"application/json"}
    assert set(client.get(answer["Location"]).json()) == {"id", "content", "created_at", "published_at", "refusal"}
    assert DataEntry.objects.filter(key=None, headers__isnull=True).exists()


def test_the_most_that_is_allowed_fits_into_a_record_with_the_largest_content(
    client: Client, arrived: Read, settings: Any
) -> None:
    size = MOST_HEADER_BYTES // MOST_HEADERS
    headers = {f"{n:03}": "x" * (size - 3) for n in range(MOST_HEADERS)}
    content = "x" * (settings.INGEST_MAX_BYTES - 2)
    post(client, {"content": content, "key": "k" * MOST_KEY_BYTES, "headers": headers})
    [record] = arrived()
    assert (len(record.key), len(record.headers), len(record.json()["content"])) == (
        MOST_KEY_BYTES,
        MOST_HEADERS + 2,
        len(content),
    )


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": None}, "key"),
        ({"key": 5}, "key"),
        ({"key": "a\0"}, "key"),
        ({"key": "é" * (MOST_KEY_BYTES // 2 + 1)}, "key"),
        ({"headers": None}, "headers"),
        ({"headers": ["a"]}, "headers"),
        ({"headers": {"a": 1}}, "headers.a"),
        ({"headers": {"a": None}}, "headers.a"),
        ({"headers": {"a": "\0"}}, "headers.a"),
        ({"headers": {"": "a"}}, "headers"),
        ({"headers": {"a\0": "a"}}, "headers"),
        ({"headers": {"entry-id": "7"}}, "headers.entry-id"),
        ({"headers": {"Content-Type": "text/plain"}}, "headers.Content-Type"),
        ({"headers": {"traceparent": "00-1-1-00"}}, "headers.traceparent"),
        ({"headers": {str(n): "" for n in range(MOST_HEADERS + 1)}}, "headers"),
        ({"headers": {"a": "x" * MOST_HEADER_BYTES}}, "headers"),
        ({"kye": "a"}, "kye"),
    ],
)
def test_what_cannot_be_one_is_refused_and_named(client: Client, members: dict[str, Any], field: str) -> None:
    for body, place in [({"content": "x"} | members, ""), ([{"content": "y"}, {"content": "x"} | members], "1.")]:
        response = post(client, body)
        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == [f"{place}{field}"]
    assert not DataEntry.objects.exists()


def test_a_header_of_ours_is_refused_with_a_mend(client: Client) -> None:
    detail = post(client, {"content": "x", "headers": {"entry-id": "7"}}).json()["detail"]
    assert detail == "headers.entry-id is a header that Apron sets itself; use another name."
