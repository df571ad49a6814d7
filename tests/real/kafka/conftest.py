"""The cluster of the run, whole before and after each test, and the fixtures of ingest's own tests upon it."""

from collections.abc import Iterator

import pytest

from tests.ingest.conftest import arrived, proxy, topic
from tests.real.kafka.cluster import KafkaCluster, shared_cluster

__all__ = ["arrived", "proxy", "topic"]


@pytest.fixture(scope="session")
def kafka() -> KafkaCluster:
    """The three brokers."""
    return shared_cluster()


@pytest.fixture
def cluster(kafka: KafkaCluster, topic: str) -> Iterator[KafkaCluster]:
    """The three brokers, with the test's topic on each; made whole again after the test."""
    kafka.make_topic(topic)
    yield kafka
    kafka.restore()
