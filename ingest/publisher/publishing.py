"""Kafka producer of a process, shared by its threads: build records, send them, wait for acknowledgements.

Every wait is bounded. What is not acknowledged in time counts as not published; it may arrive all the same, which is why
each record carries its entry's id for consumers to drop repeats by. Imports no models.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from kafka import KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from config.core.json import dumps
from config.core.telemetry import tracing
from ingest.publisher.failures import FailureReason, error_log

logger = logging.getLogger(__name__)

ENTRY_ID_HEADER = "entry-id"
CONSTANT_KEY = b"data_entry"
CIRCUIT_OPEN_SECONDS = 5.0  # after a failure, how long requests do not even try
ENVELOPE_BYTES = 4096  # what a record is larger than its content, at most
REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)  # trying again will not help


@dataclass(frozen=True)
class Record:
    """A Kafka record of an entry."""

    entry_id: int
    content: Any
    created_at: datetime
    traceparent: str | None = None  # of who sent it

    @property
    def key(self) -> bytes:
        """KAFKA_KEY: one key for all keeps one order in one partition; the id spreads over all partitions."""
        return CONSTANT_KEY if settings.KAFKA_KEY == "data_entry" else str(self.entry_id).encode()

    @property
    def value(self) -> bytes:
        """UTF-8 JSON."""
        return dumps({"id": self.entry_id, "content": self.content, "created_at": self.created_at})


Refusals = list[tuple[Record, KafkaError]]


@dataclass
class PublishResult:
    """Result of publishing records: acknowledged, refused for good with the reason, or neither because of `failure`."""

    acknowledged: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    failure: str = ""
    reason: FailureReason | None = None  # of the failure


def client_options() -> dict[str, Any]:
    """Return what every connection to Kafka is made with; the security settings pass through."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "security_protocol": settings.KAFKA_SECURITY_PROTOCOL,
        "bootstrap_timeout_ms": 1000,
        "reconnect_backoff_max_ms": 500,
    }
    optional = {
        "sasl_mechanism": settings.KAFKA_SASL_MECHANISM,
        "sasl_plain_username": settings.KAFKA_SASL_USERNAME,
        "sasl_plain_password": settings.KAFKA_SASL_PASSWORD,
        "ssl_cafile": settings.KAFKA_SSL_CAFILE,
        "ssl_certfile": settings.KAFKA_SSL_CERTFILE,
        "ssl_keyfile": settings.KAFKA_SSL_KEYFILE,
    }
    return options | {name: value for name, value in optional.items() if value}


def _make_producer() -> KafkaProducer:
    return KafkaProducer(
        **client_options(),
        acks="all",
        enable_idempotence=True,
        linger_ms=0,  # records come in groups already (ingest.storage.group_commit)
        batch_size=128 * 1024,
        max_request_size=max(1024 * 1024, settings.INGEST_MAX_BYTES + ENVELOPE_BYTES),
        max_block_ms=1000,
        request_timeout_ms=2000,
        delivery_timeout_ms=8000,
        metrics_enabled=False,
    )


class Publisher:
    """Publish records through one producer. Thread-safe; not to be used across a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None
        self._circuit_open_until = 0.0
        error_log.attach()

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
        """Send all, then wait for the acknowledgements, for at most `seconds`. Never raises a KafkaError.

        Once Kafka has refused a record, kafka-python fails all others of the producer with the same error
        (docs/decisions/0078). So they are sent again one by one, and only what is refused alone is refused.
        """
        deadline = time.monotonic() + seconds
        outcome = PublishResult()
        if suspects := self._attempt(records, outcome, deadline):
            _publish_alone([record for record, _ in suspects], outcome, deadline)
        return outcome

    def _attempt(self, records: Sequence[Record], outcome: PublishResult, deadline: float) -> Refusals:
        """Send the records and wait; return those that Kafka refused, be it for one of the others."""
        started = time.monotonic()
        try:
            producer = self._get_producer(deadline)
        except (KafkaError, OSError) as error:
            self._fail(None, outcome, error, started)
            return []
        try:
            refused = self._settle(self._send(producer, records, outcome, deadline), outcome, deadline)
        except KafkaError as error:
            self._fail(producer, outcome, error, started)
            return []
        self._circuit_open_until = 0.0
        if refused:
            self._drop(producer)
        return refused

    def close(self) -> None:
        """Give the producer up; what it has not sent stays unpublished."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer:
            _close(producer)

    def _get_producer(self, deadline: float) -> KafkaProducer:
        """Return the producer, making it if need be; a thread that waits for another one making it waits in time too."""
        if producer := self._producer:
            return producer
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise KafkaTimeoutError("the producer was not ready in time")
        try:
            if self._producer is None:
                self._producer = _make_producer()
            return self._producer
        finally:
            self._lock.release()

    def _send(
        self, producer: KafkaProducer, records: Sequence[Record], outcome: PublishResult, deadline: float
    ) -> list[tuple[Record, Any]]:
        sent = []
        for record in records:
            headers = [(ENTRY_ID_HEADER, str(record.entry_id).encode())]
            try:
                if record.traceparent:
                    with tracing.continued(record.traceparent):  # whose header OpenTelemetry adds
                        future = producer.send(settings.KAFKA_TOPIC, record.value, record.key, headers)
                else:
                    future = producer.send(settings.KAFKA_TOPIC, record.value, record.key, headers)
            except REFUSALS as error:
                outcome.refused[record.entry_id] = str(error)
            except KafkaError as error:
                sent.append((record, error))
                break
            else:
                sent.append((record, future))
            if time.monotonic() > deadline:
                break
        return sent

    def _settle(self, sent: Sequence[tuple[Record, Any]], outcome: PublishResult, deadline: float) -> Refusals:
        """Collect what was acknowledged until the deadline, all of it, and raise the first failure after."""
        failure: KafkaError | None = None
        refused = []
        for record, future in sent:
            try:
                if isinstance(future, KafkaError):
                    raise future
                future.get(timeout=max(0.0, deadline - time.monotonic()))
            except REFUSALS as error:
                refused.append((record, error))
            except KafkaError as error:
                failure = failure or error
            else:
                outcome.acknowledged.append(record.entry_id)
        if failure:
            raise failure
        return refused

    def _fail(self, producer: KafkaProducer | None, outcome: PublishResult, error: Exception, started: float) -> None:
        """Open the circuit, and drop the producer: an idempotent one can be dead for good (docs/decisions/0032)."""
        failure = error_log.most_telling(error, since=started)
        outcome.reason, outcome.failure = failure.reason, f"{failure.reason.sentence} {failure.text}"
        logger.warning("Kafka did not acknowledge: %s", outcome.failure)
        self._circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
        if producer:
            self._drop(producer)

    def _drop(self, producer: KafkaProducer) -> None:
        with self._lock:
            if producer is not self._producer:
                return
            self._producer = None
        _close(producer)


def _close(producer: KafkaProducer) -> None:
    """Close without sending what is unsent. The public close() first waits for it, and does not end when that fails."""
    sender = producer._sender  # noqa: SLF001 - there is no public way
    sender.force_close()
    sender.join(1.0)
    with contextlib.suppress(KafkaError):
        producer.close(timeout=0)


def _publish_alone(records: Sequence[Record], outcome: PublishResult, deadline: float) -> None:
    """Publish one by one, with a producer that nobody shares: what fails then has failed for itself."""
    alone = Publisher()
    try:
        for record in records:
            if outcome.failure or time.monotonic() > deadline:
                break
            for refused, error in alone._attempt([record], outcome, deadline):  # noqa: SLF001 - of the same class
                outcome.refused[refused.entry_id] = _refusal(refused, error)
    finally:
        alone.close()


def _refusal(record: Record, error: KafkaError) -> str:
    if isinstance(error, InvalidRecordError):
        return str(error)
    return (
        f"Kafka refuses this record of {len(record.value)} bytes: raise max.message.bytes of the topic, "
        f"or lower INGEST_MAX_BYTES, which is {settings.INGEST_MAX_BYTES}."
    )


publisher = Publisher()
