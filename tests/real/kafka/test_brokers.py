"""Brokers die, hang or are not there: entries are pending meanwhile, and published when enough brokers are back."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ingest.models import DataEntry
from ingest.publisher import publisher
from ingest.services import relay_waiting
from tests.fakes.faulty import free_port, wait_until
from tests.fakes.kafka_reader import Arrived, read_topic
from tests.real.kafka.cluster import KafkaCluster
from tests.real.kafka.lone_broker import LoneBroker

pytestmark = pytest.mark.django_db

Read = Callable[[], list[Arrived]]


def post(client: Client, content: str = "x") -> str:
    response = client.post("/api/data", {"content": content}, content_type="application/json")
    assert response.status_code == 201
    return str(response.json()["message"])


def failure(client: Client) -> str:
    """Return what the health check says of Kafka."""
    return str(client.get("/api/health").json()["checks"]["ingest"].get("failure", ""))


def published_again(client: Client) -> Callable[[], bool]:
    """Return a post that tries Kafka whatever happened before, and tells whether it arrived."""

    def try_it() -> bool:
        publisher._circuit_open_until = 0.0
        return "published" in post(client)

    return try_it


def nothing_waits() -> bool:
    relay_waiting(seconds=10)
    return not DataEntry.objects.filter(published_at=None).exists()


def all_arrived_once_at_least(arrived: Read) -> bool:
    return {record.entry_id for record in arrived()} == set(DataEntry.objects.values_list("pk", flat=True))


def test_two_of_three_brokers_down_makes_entries_wait_and_health_says_why(
    client: Client, cluster: KafkaCluster, topic: str, arrived: Read
) -> None:
    assert "published" in post(client)
    leader = cluster.leader(topic)
    others = [node for node in cluster.brokers.values() if node is not leader]
    for node in others:
        node.kill()

    def says_replicas() -> bool:
        publisher._circuit_open_until = 0.0
        assert "pending" in post(client)
        return "in sync" in failure(client)

    wait_until(says_replicas, seconds=60, what="the leader refusing, because its followers are gone")
    others[0].start()
    wait_until(published_again(client), seconds=60, what="an entry published with two of three brokers")
    wait_until(nothing_waits, seconds=60, what="all that waited published")
    assert all_arrived_once_at_least(arrived)
    assert failure(client) == ""


def test_a_broker_that_hangs_is_left_for_another(
    client: Client, cluster: KafkaCluster, topic: str, settings: Any
) -> None:
    assert "published" in post(client)
    cluster.leader(topic).hang()
    started = time.monotonic()
    assert "pending" in post(client)
    assert all("pending" in post(client) for _ in range(20))
    assert time.monotonic() - started < settings.KAFKA_ACK_SECONDS + 3
    wait_until(published_again(client), seconds=60, what="an entry published while the broker still hangs")
    wait_until(nothing_waits, seconds=60, what="all that waited published")
    cluster.restore()
    assert all_arrived_once_at_least(lambda: read_topic(cluster.address, topic))


def test_one_dead_server_among_those_of_the_setting_is_no_matter(
    client: Client, cluster: KafkaCluster, settings: Any
) -> None:
    with free_port() as nobody:
        settings.KAFKA_BOOTSTRAP_SERVERS = [f"127.0.0.1:{nobody}", cluster.address.split(",")[0]]
        for _ in range(10):
            publisher.close()
            assert "published" in post(client)


@pytest.mark.long
def test_a_topic_that_is_missing_is_named_and_its_entries_wait_for_it(
    client: Client, topic: str, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with LoneBroker(tmp_path) as broker:
        settings.KAFKA_BOOTSTRAP_SERVERS = [broker.address]
        assert "pending" in post(client)
        assert failure(client) == "Kafka has no topic KAFKA_TOPIC."
        assert failure(client) in caplog.text
        broker.make_topic(topic)
        wait_until(nothing_waits, seconds=30, what="the entry published")
        assert all_arrived_once_at_least(lambda: read_topic(broker.address, topic))


def test_a_topic_is_made_by_the_first_entry_where_brokers_do_that(
    client: Client, kafka: KafkaCluster, arrived: Read
) -> None:
    post(client)
    wait_until(nothing_waits, seconds=30, what="the entry published")
    assert all_arrived_once_at_least(arrived)
