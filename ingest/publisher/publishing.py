"""The producer of a process, shared by its threads, and what happens when it fails.

Every wait is bounded. What is not acknowledged in time counts as not published; it may arrive all the same, which is why
each record carries its entry's id for consumers to drop repeats by. Imports no models.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from ingest.publisher.failures import Failure, FailureReason
from ingest.publisher.producers import Producer, ProducerError, PublishResult, Sending, make_producer
from ingest.publisher.records import Record

logger = logging.getLogger(__name__)

CIRCUIT_OPEN_SECONDS = 5.0  # after a failure, how long requests do not even try


class Publisher:
    """Publish records through one producer. Thread-safe; not to be used across a fork."""

    def __init__(self, *, one_by_one: bool = False) -> None:
        self._one_by_one = one_by_one
        self._lock = threading.Lock()
        self._producer: Producer | None = None
        self._circuit_open_until = 0.0

    def is_worth_trying(self) -> bool:
        """Return whether a request should wait for Kafka: after a failure, one tries every CIRCUIT_OPEN_SECONDS."""
        if not self._circuit_open_until:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._circuit_open_until:
                return False
            self._circuit_open_until = now + CIRCUIT_OPEN_SECONDS
            return True

    def publish(self, records: Sequence[Record], *, seconds: float) -> PublishResult:
        """Send all, then wait for the acknowledgements, for at most `seconds`. Never raises for what Kafka does."""
        return self.send(records, seconds=seconds)()

    def send(self, records: Sequence[Record], *, seconds: float) -> Callable[[], PublishResult]:
        """Send all, behind those that were sent before; return what waits for the acknowledgements until `seconds` are up."""
        deadline = time.monotonic() + seconds
        try:
            producer = self._get_producer(deadline)
        except ProducerError as error:
            return partial(self._conclude, None, PublishResult(failure=error.failure))
        return partial(self._wait, producer, records, producer.send(records, deadline), deadline)

    def close(self) -> None:
        """Give the producer up; what it has not sent stays unpublished."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer:
            producer.close()

    def _get_producer(self, deadline: float) -> Producer:
        """Return the producer, making it if need be; a thread that waits for another one making it waits in time too."""
        if producer := self._producer:
            return producer
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise ProducerError(Failure(FailureReason.SLOW, "The producer was not ready in time."))
        try:
            if self._producer is None:
                self._producer = make_producer()
            return self._producer
        finally:
            self._lock.release()

    def _wait(self, producer: Producer, records: Sequence[Record], sending: Sending, deadline: float) -> PublishResult:
        result = sending.wait(deadline)
        if together := result.refused_together:
            self._drop(producer)  # kafka-python's refuses all that comes after
            if self._one_by_one:
                result.refused |= together
            else:
                _publish_one_by_one([record for record in records if record.entry_id in together], result, deadline)
        return self._conclude(producer, result)

    def _conclude(self, producer: Producer | None, result: PublishResult) -> PublishResult:
        """Close the circuit, or open it and drop the producer: an idempotent one can be dead for good (decision 0032)."""
        if not result.failure:
            self._circuit_open_until = 0.0
            return result
        logger.warning("Kafka did not acknowledge: %s", result.failure)
        self._circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
        self._drop(producer)
        return result

    def _drop(self, producer: Producer | None) -> None:
        with self._lock:
            if producer is None or producer is not self._producer:
                return
            self._producer = None
        producer.close()


def _publish_one_by_one(records: Sequence[Record], result: PublishResult, deadline: float) -> None:
    """Publish each with a producer that nobody shares, until one fails: what is refused there is refused for itself."""
    alone = Publisher(one_by_one=True)
    try:
        for record in records:
            if result.failure or time.monotonic() > deadline:
                break
            each = alone.publish([record], seconds=deadline - time.monotonic())
            result.acknowledged += each.acknowledged
            result.refused |= each.refused
            result.failure = each.failure
    finally:
        alone.close()


publisher = Publisher()
