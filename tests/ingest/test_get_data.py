"""GET /data: everything as a stream, pages on request, one by id."""

import re
from typing import Any

import orjson
import pytest
from django.test import Client

from ingest import selectors
from tests.factories_ingest import DataEntryFactory

pytestmark = pytest.mark.django_db


def listed(client: Client, query: str = "") -> Any:
    return orjson.loads(b"".join(client.get(f"/api/data{query}")))


def test_an_empty_table_is_an_empty_array(client: Client) -> None:
    assert listed(client) == []


def test_all_records_come_by_id_over_several_pieces(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "STREAM_PAGE", 3)
    entries = DataEntryFactory.create_batch(10)
    answer = listed(client)
    assert [(item["id"], item["content"]) for item in answer] == [(entry.pk, entry.content) for entry in entries]


def test_a_record_has_the_documented_shape(client: Client) -> None:
    entry = DataEntryFactory()
    [answer] = listed(client)
    assert list(answer) == ["id", "content", "created_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", answer["created_at"])
    assert answer["created_at"] == entry.created_at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("query", "expected"), [("", [0, 1, 2]), ("?published=false", [0, 2]), ("?published=true", [1])]
)
def test_the_filter(client: Client, query: str, expected: list[int]) -> None:
    entries = [DataEntryFactory(), DataEntryFactory(published=True), DataEntryFactory(refused=True)]
    wanted = [entries[place].pk for place in expected]
    assert [item["id"] for item in listed(client, query)] == wanted
    paged = listed(client, f"{query or '?'}&limit=10")
    assert [item["id"] for item in paged] == wanted


def test_pages_follow_the_link(client: Client) -> None:
    ids = [entry.pk for entry in DataEntryFactory.create_batch(5)]
    first = client.get("/api/data?limit=3")
    found = re.fullmatch(r'<http://testserver(.+)>; rel="next"', first["Link"])
    assert found
    second = client.get(found[1])
    assert [item["id"] for item in first.json() + second.json()] == ids
    assert "Link" not in second


@pytest.mark.parametrize("query", ["published=maybe", "limit=0", "limit=x", "limit=1001", "cursor=rubbish"])
def test_a_wrong_query_is_400(client: Client, query: str) -> None:
    response = client.get(f"/api/data?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]


def test_one_record_tells_how_far_it_got(client: Client) -> None:
    entry = DataEntryFactory(refused=True)
    answer = client.get(f"/api/data/{entry.pk}").json()
    assert answer["published_at"] is None
    assert answer["refusal"] == "MessageSizeTooLargeError"


@pytest.mark.parametrize("path", ["/api/data/999999", "/api/data/x", "/data/-1"])
def test_an_unknown_record_is_404(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_405(client: Client, method: str) -> None:
    assert getattr(client, method)("/api/data").status_code == 405


def test_reading_needs_a_token_when_the_api_does(client: Client, settings: Any) -> None:
    settings.REQUIRE_TOKEN = True
    assert client.get("/api/data").status_code == 401
    assert client.get("/api/data", headers={"Authorization": "Bearer test-token"}).status_code == 200


@pytest.mark.parametrize("query", ["", "?limit=10"])
def test_other_json_written_by_sql_comes_back_as_it_is(client: Client, query: str) -> None:
    DataEntryFactory(content={"a": [1, None, "é"]})
    assert listed(client, query)[0]["content"] == {"a": [1, None, "é"]}
