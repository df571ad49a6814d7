"""Registering a record: the text that comes back, and every refusal."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from metadata_registry.models import Metadata
from tests.factories_metadata_registry import PAYLOAD
from tests.metadata_registry.calls import body_of, post

pytestmark = pytest.mark.django_db


def post_raw(api: APIClient, body: bytes) -> Any:
    return api.post("/api/metadata", body, content_type="application/json")


def test_answers_200_with_the_record(api: APIClient) -> None:
    response = post(api)
    assert response.status_code == 200
    record = response.json()
    assert set(record) == {"id", "registered_on", "name", "payload"}
    assert UUID(record["id"]).version == 7
    registered_on = parse_datetime(record["registered_on"])
    assert registered_on
    assert registered_on.utcoffset() is not None
    assert (record["name"], record["payload"]) == ("flights", PAYLOAD)


def test_id_and_registered_on_are_the_servers(api: APIClient) -> None:
    given = {"id": str(uuid4()), "registered_on": "2001-01-01T00:00:00Z"}
    record = api.post("/api/metadata", {"name": "n", "payload": PAYLOAD, **given}, format="json").json()
    assert record["id"] != given["id"]
    assert not record["registered_on"].startswith("2001")


def test_names_may_repeat(api: APIClient) -> None:
    assert post(api).json()["id"] != post(api).json()["id"]


@pytest.mark.parametrize(
    "text",
    [
        '{"z":1,"a":2,"sourceName":"s"}',
        '  {\n\t"sourceName" :  "s" }\r\n',
        '{"sourceName":"Zürich ✈ \U0001f6eb"}',
        '{"sourceName":"Z\\u00fcrich \\/ \\ud83d\\udeeb \\u0000"}',
        '{"sourceName":"s","sourceName":"t","big":123456789012345678901234567890,"e":1.50e+01}',
    ],
    ids=["key order", "spaces", "non-ASCII", "escapes", "repeated keys and numbers"],
)
def test_payload_text_comes_back_to_the_byte(api: APIClient, text: str) -> None:
    record = post(api, text).json()
    assert record["payload"] == text
    assert api.get(f"/api/metadata/{record['id']}").json()["payload"] == text
    assert body_of(api.get("/api/metadata"))[0]["payload"] == text


def test_object_is_stored_as_the_text_it_was_sent_as(api: APIClient) -> None:
    text = '{"z" : 1.50e+01, "sourceName":"Z\\u00fcrich é", "big":123456789012345678901234567890}'
    response = post_raw(api, f'{{"payload": {text} , "name": "n"}}'.encode())
    assert response.json()["payload"] == text


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ("{not json", "payload"),
        ("", "payload"),
        ("[1, 2]", "payload"),
        ('"text"', "payload"),
        ("null", "payload"),
        ('{"sourceName": NaN}', "payload"),
        ([1, 2], "payload"),
        (7, "payload"),
        (None, "payload"),
        ("{}", "payload.sourceName"),
        ({"jobCluster": {}}, "payload.sourceName"),
        ({"sourceName": 5}, "payload.sourceName"),
        ({"sourceName": "s", "jobCluster": []}, "payload.jobCluster"),
        ({"sourceName": "s", "jobCluster": {"min_workers": "one"}}, "payload.jobCluster.min_workers"),
        ({"sourceName": "s", "jobCluster": {"min_workers": -1}}, "payload.jobCluster.min_workers"),
        ({"sourceName": "s", "jobCluster": {"min_workers": True}}, "payload.jobCluster.min_workers"),
        ({"sourceName": "s", "jobCluster": {"max_workers": 1.5}}, "payload.jobCluster.max_workers"),
        ({"sourceName": "s", "partitioning": None}, "payload.partitioning"),
    ],
)
def test_unusable_payload_is_400_naming_the_place(api: APIClient, payload: Any, field: str) -> None:
    response = post(api, payload)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not Metadata.objects.exists()


def test_every_fault_is_named_at_once(api: APIClient) -> None:
    response = post(api, {"jobCluster": {"min_workers": "one", "max_workers": -1}}, name="")
    assert {error["field"] for error in response.json()["errors"]} == {
        "name",
        "payload.sourceName",
        "payload.jobCluster.min_workers",
        "payload.jobCluster.max_workers",
    }


@pytest.mark.parametrize("name", ["", None, 5, ["n"], "a\0b", "x" * 256])
def test_unusable_name_is_400(api: APIClient, name: Any) -> None:
    response = post(api, name=name)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["name"]


@pytest.mark.parametrize("missing", ["name", "payload"])
def test_missing_field_is_400(api: APIClient, missing: str) -> None:
    body = {"name": "n", "payload": PAYLOAD}
    del body[missing]
    response = api.post("/api/metadata", body, format="json")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [missing]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"name": "\xff", "payload": "{}"}', 400),
        (b'{"name": "n", "payload": {"sourceName": "s", "deep": ' + b"[" * 1010 + b"]" * 1010 + b"}}", 400),
        (b'{"name": "n", "payload": "' + b"x" * 1024 * 1024 + b'"}', 413),
    ],
    ids=["empty", "cut", "an array", "not UTF-8", "too deep", "too large"],
)
def test_unreadable_body_is_refused(api: APIClient, body: bytes, status: int) -> None:
    response = post_raw(api, body)
    assert response.status_code == status
    assert response.json()["status"] == status


def test_form_is_415(api: APIClient) -> None:
    assert api.post("/api/metadata", {"name": "n"}, format="multipart").status_code == 415
