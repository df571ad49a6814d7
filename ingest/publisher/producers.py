"""What the publisher asks of a Kafka client, whichever KAFKA_CLIENT names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings

from ingest.publisher.failures import Failure
from ingest.publisher.records import Record

CONNECT_MS = 1000
REQUEST_MS = 2000
DELIVERY_MS = 8000
RECONNECT_MS = 500
BATCH_BYTES = 128 * 1024
ENVELOPE_BYTES = 16 * 1024  # what a record is larger than its content, at most


@dataclass
class PublishResult:
    """Result of publishing records: acknowledged, refused for good with the reason, or neither because of a failure.

    What Kafka refuses together with others may be refused for one of those: the publisher sends it again by itself.
    """

    acknowledged: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    refused_together: dict[int, str] = field(default_factory=dict)
    failure: Failure | None = None


class ProducerError(Exception):
    """There is no producer to be had."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Sending(Protocol):
    """Records on their way."""

    def wait(self, deadline: float) -> PublishResult:
        """Return what became of the records until that moment of the monotonic clock."""
        ...


class Producer(Protocol):
    """Sends records in their order. Thread-safe."""

    def send(self, records: Sequence[Record], deadline: float) -> Sending:
        """Hand all to the client, or as many as it takes until that moment of the monotonic clock."""
        ...

    def close(self) -> None:
        """End without sending what is unsent."""
        ...


def make_producer() -> Producer:
    """Return a producer of the client that KAFKA_CLIENT names. Raises ProducerError."""
    if settings.KAFKA_CLIENT == "librdkafka":
        from ingest.publisher.librdkafka import LibrdkafkaProducer  # noqa: PLC0415 - an extra

        return LibrdkafkaProducer()
    from ingest.publisher.kafka_python import KafkaPythonProducer  # noqa: PLC0415 - loaded by who uses it

    return KafkaPythonProducer()


def largest_request() -> int:
    """Return how many bytes a request to Kafka may have."""
    most: int = settings.INGEST_MAX_BYTES
    return max(1024 * 1024, most + ENVELOPE_BYTES)


def too_large(record: Record) -> str:
    """Return why a record is refused that is larger than the topic allows, with the mend."""
    return (
        f"Kafka refuses this record of {len(record.value)} bytes: raise max.message.bytes of the topic, "
        f"or lower INGEST_MAX_BYTES, which is {settings.INGEST_MAX_BYTES}."
    )
