"""When too much waits for Kafka nothing more is taken in."""

import time
from typing import Any

import pytest
from django.test import Client

from ingest.backlog import MEASURE_EVERY_SECONDS, backlog
from ingest.models import DataEntry
from tests.factories_ingest import DataEntryFactory

pytestmark = pytest.mark.django_db


def post(client: Client, body: Any) -> Any:
    return client.post("/api/data", body, content_type="application/json", headers={"Prefer": "respond-async"})


def test_a_full_backlog_is_503_and_writes_nothing(client: Client, settings: Any) -> None:
    settings.INGEST_BACKLOG_LIMIT = 3
    assert [post(client, {"content": "x"}).status_code for _ in range(6)] == [201, 201, 201, 201, 503, 503]
    assert DataEntry.objects.count() == 4  # "more than 3 wait" is true from the fourth on


def test_the_answer_says_when_to_come_back(client: Client, settings: Any) -> None:
    settings.INGEST_BACKLOG_LIMIT = 3
    DataEntryFactory.create_batch(4)
    response = post(client, {"content": "x"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "More than 3 entries wait" in response.json()["detail"]


def test_published_and_refused_entries_do_not_count(client: Client, settings: Any) -> None:
    settings.INGEST_BACKLOG_LIMIT = 3
    DataEntryFactory.create_batch(3, published=True)
    DataEntryFactory.create_batch(3, refused=True)
    assert post(client, {"content": "x"}).status_code == 201


def test_a_drained_backlog_opens_again(client: Client, settings: Any) -> None:
    settings.INGEST_BACKLOG_LIMIT = 3
    DataEntryFactory.create_batch(4)
    assert post(client, {"content": "x"}).status_code == 503
    DataEntry.objects.update(published_at="2026-01-01T00:00Z")
    backlog._measured_at = time.monotonic() - MEASURE_EVERY_SECONDS - 0.01
    assert post(client, {"content": "x"}).status_code == 201


def test_a_full_backlog_is_unhealthy(client: Client, settings: Any) -> None:
    settings.INGEST_BACKLOG_LIMIT = 3
    DataEntryFactory.create_batch(4)
    assert client.get("/api/health").json()["checks"]["ingest"]["status"] == "down"
