"""Kafka goes away: requests stay quick, nothing is lost, and all is well when it is back."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ingest.models import DataEntry
from ingest.publisher import Record, publisher
from ingest.services import _publish_until, relay_waiting
from tests.factories_ingest import DataEntryFactory
from tests.fakes.faulty import wait_until
from tests.fakes.kafka_proxy import KafkaProxy
from tests.fakes.kafka_reader import Arrived

pytestmark = pytest.mark.django_db

Read = Callable[[], list[Arrived]]


@pytest.fixture(autouse=True, params=["kafka-python", "librdkafka"])
def kafka_client(request: pytest.FixtureRequest, settings: Any) -> None:
    settings.KAFKA_CLIENT = request.param


def post(client: Client, content: str = "x") -> str:
    response = client.post("/api/data", {"content": content}, content_type="application/json")
    assert response.status_code == 201
    return str(response.json()["message"])


def relay_all() -> None:
    """Relay until nothing waits: a first try may find the producer broken by the fault and replace it."""

    def is_done() -> bool:
        relay_waiting(seconds=5)
        return not DataEntry.objects.filter(published_at=None, refusal="").exists()

    wait_until(is_done, what="everything published")


def test_without_kafka_a_post_is_pending_and_the_next_ones_do_not_wait(
    client: Client, proxy: KafkaProxy, arrived: Read
) -> None:
    with proxy.away():
        assert "pending" in post(client)
        started = time.monotonic()
        assert all("pending" in post(client) for _ in range(20))
        assert time.monotonic() - started < 1.0
    relay_all()
    assert sorted(record.entry_id for record in arrived()) == sorted(DataEntry.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("fault", ["cut", "stall", "drop_answers"])
def test_a_fault_between_two_posts_loses_nothing(
    client: Client, proxy: KafkaProxy, settings: Any, arrived: Read, fault: str
) -> None:
    assert "published" in post(client, "before")
    settings.KAFKA_ACK_SECONDS = 0.5
    getattr(proxy, fault)()
    started = time.monotonic()
    assert "pending" in post(client, "during")
    assert time.monotonic() - started < 3.0
    proxy.heal()
    relay_all()
    contents = {record.entry_id: record.json()["content"] for record in arrived()}
    assert sorted(contents.values()) == ["before", "during"]


def test_an_unacknowledged_record_comes_again_under_the_same_id(
    client: Client, proxy: KafkaProxy, settings: Any, arrived: Read
) -> None:
    assert "published" in post(client, "before")
    settings.KAFKA_ACK_SECONDS = 1.0
    proxy.drop_answers()
    assert "pending" in post(client, "during")
    proxy.heal()
    relay_all()
    ids = [record.entry_id for record in arrived()]
    assert len(ids) == 3
    assert len(set(ids)) == 2


def test_posts_are_published_again_once_kafka_is_back(client: Client, proxy: KafkaProxy) -> None:
    with proxy.away():
        assert "pending" in post(client)
    publisher._circuit_open_until = time.monotonic()  # the rest is over
    wait_until(lambda: "published" in post(client), what="a published answer")


def test_a_request_that_waited_its_time_for_the_group_before_waits_no_more(topic: str) -> None:
    entry = DataEntryFactory(claimed=True)
    record = Record(entry.pk, entry.content, entry.created_at)
    assert _publish_until([(record, time.monotonic())]) == [False]
    assert relay_waiting(seconds=5) == 1


def test_a_bulk_is_pending_as_a_whole_without_kafka(client: Client, proxy: KafkaProxy) -> None:
    with proxy.away():
        body = [{"content": str(number)} for number in range(100)]
        answers = client.post("/api/data", body, content_type="application/json").json()
    assert len(answers) == 100
    assert all("pending" in answer["message"] for answer in answers)
    assert DataEntry.objects.count() == 100


def test_a_record_too_large_for_kafka_is_refused_and_blocks_nothing(arrived: Read) -> None:
    first = DataEntryFactory()
    large = DataEntryFactory(content="x" * 1_100_000)
    last = DataEntryFactory()
    relay_all()
    large.refresh_from_db()
    assert large.published_at is None
    assert "raise max.message.bytes" in large.refusal
    assert [record.entry_id for record in arrived()] == [first.pk, last.pk]


def test_a_claim_of_the_dead_runs_out(arrived: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = DataEntryFactory(claimed=True)
    assert relay_waiting(seconds=5) == 0
    DataEntry.objects.update(claimed_until=entry.created_at)
    assert relay_waiting(seconds=5) == 1
    assert [record.entry_id for record in arrived()] == [entry.pk]
