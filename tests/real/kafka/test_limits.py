"""A topic takes smaller records than INGEST_MAX_BYTES allows: the large ones are refused, and no others."""

from collections.abc import Callable

import pytest
from django.test import Client

from ingest.models import DataEntry
from ingest.services import relay_waiting, retry_refused
from tests.factories_ingest import DataEntryFactory
from tests.fakes.faulty import wait_until
from tests.fakes.kafka_reader import Arrived
from tests.real.kafka.cluster import KafkaCluster

pytestmark = pytest.mark.django_db

Read = Callable[[], list[Arrived]]
LIMIT = "max.message.bytes"


@pytest.fixture
def _small(kafka: KafkaCluster, topic: str) -> None:
    kafka.make_topic(topic, **{LIMIT: "2000"})


@pytest.mark.usefixtures("_small")
def test_only_what_is_too_large_is_refused(kafka: KafkaCluster, topic: str, arrived: Read) -> None:
    entries = DataEntryFactory.create_batch(300)
    large = [DataEntryFactory(content="x" * 3000) for _ in range(3)]
    entries += DataEntryFactory.create_batch(300)

    def is_done() -> bool:
        relay_waiting(seconds=10)
        return not DataEntry.objects.filter(published_at=None, refusal="").exists()

    wait_until(is_done, seconds=60, what="everything published or refused")
    assert {record.entry_id for record in arrived()} == {entry.pk for entry in entries}
    refused = {entry.pk: entry.refusal for entry in DataEntry.objects.exclude(refusal="")}
    assert refused.keys() == {entry.pk for entry in large}
    assert all("raise max.message.bytes" in reason and "INGEST_MAX_BYTES" in reason for reason in refused.values())

    kafka.configure_topic(topic, **{LIMIT: "1000000"})
    assert retry_refused([*refused]) == 3

    def has_arrived() -> bool:  # each broker hears of the new limit in its own time
        retry_refused([*refused])
        relay_waiting(seconds=10)
        return not DataEntry.objects.filter(published_at=None).exists()

    wait_until(has_arrived, seconds=30, what="the large ones published")
    assert {record.entry_id for record in arrived()} >= refused.keys()


@pytest.mark.usefixtures("_small")
def test_the_next_request_is_published_after_one_that_is_too_large(client: Client) -> None:
    def post(content: str) -> str:
        return str(client.post("/api/data", {"content": content}, content_type="application/json").json()["message"])

    assert "published" in post("x")
    assert "pending" in post("x" * 3000)
    assert "max.message.bytes" in DataEntry.objects.latest("pk").refusal
    assert "published" in post("x")
