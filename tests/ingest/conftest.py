"""A broker for ingest's tests, a topic for each: that of KAFKA_BOOTSTRAP_SERVERS, with KAFKA_TESTS a cluster, else a Tansu."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from ingest.backlog import backlog
from ingest.publisher import publisher
from tests.fakes.kafka import Kafka
from tests.fakes.kafka_proxy import KafkaProxy
from tests.fakes.kafka_reader import read_topic
from tests.real.kafka.cluster import KafkaCluster, shared_cluster
from tests.real.kafka.proxies import KafkaProxies

Broker = Kafka | KafkaCluster
Proxy = KafkaProxy | KafkaProxies


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker | None]:
    """The broker of this test process; None where the environment names one."""
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield None
        return
    with nullcontext(shared_cluster()) if os.environ.get("KAFKA_TESTS") else Kafka() as broker:
        yield broker


@pytest.fixture(autouse=True)
def topic(kafka: Broker | None, settings: Any) -> Iterator[str]:
    """A topic of its own for each test, a producer that knows nothing of the tests before, an unmeasured backlog."""
    if kafka:
        settings.KAFKA_BOOTSTRAP_SERVERS = kafka.address.split(",")
    settings.KAFKA_TOPIC = f"test-{uuid.uuid4().hex}"
    backlog.__init__()  # type: ignore[misc]
    publisher.close()
    publisher._circuit_open_until = 0.0
    yield settings.KAFKA_TOPIC
    publisher.close()


@pytest.fixture
def proxy(kafka: Broker | None) -> Iterator[Proxy]:
    """The way to the broker, to be cut; healed after the test."""
    if kafka is None:
        pytest.skip("faults need the proxy before our own broker")
    yield kafka.proxy
    kafka.proxy.heal()


@pytest.fixture
def arrived(topic: str, settings: Any) -> Callable[[], list[Any]]:
    """Read the whole topic as it is now."""
    return lambda: read_topic(settings.KAFKA_BOOTSTRAP_SERVERS, topic)
