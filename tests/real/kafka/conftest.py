"""The cluster of the run, whole before and after each test, and the fixtures of ingest's own tests upon it."""

import os
from collections.abc import Iterator

import pytest

from tests.ingest.conftest import arrived, proxy, topic
from tests.real.kafka.cluster import KafkaCluster, shared_cluster

__all__ = ["arrived", "proxy", "topic"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With KAFKA_TESTS=sample leave out what takes longest; of the survival runs the one with most deaths is left."""
    if os.environ.get("KAFKA_TESTS") == "sample":
        dropped = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


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
