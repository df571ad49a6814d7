"""Kafka producer of a process, shared by its threads: build records, send them, wait for acknowledgements.

Every wait is bounded. What is not acknowledged in time counts as not published; it may arrive all the same, which is why
each record carries its entry's id for consumers to drop repeats by. Imports no models.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Mapping, Sequence
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

logger = logging.getLogger(__name__)

ENTRY_ID_HEADER = "entry-id"
CONTENT_TYPE_HEADER = ("content-type", b"application/json")
OWN_HEADERS = {
    ENTRY_ID_HEADER,
    "content-type",
    "traceparent",
    "tracestate",
    "baggage",
}  # the last three are OpenTelemetry's
CONSTANT_KEY = b"data_entry"
CIRCUIT_OPEN_SECONDS = 5.0  # after a failure, how long requests do not even try
ENVELOPE_BYTES = 16 * 1024  # what a record is larger than its content, at most
REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)  # trying again will not help


@dataclass(frozen=True)
class Record:
    """A Kafka record of an entry."""

    entry_id: int
    content: Any
    created_at: datetime
    traceparent: str | None = None  # of who sent it
    given_key: str | None = None
    given_headers: Mapping[str, str] | None = None

    @property
    def key(self) -> bytes:
        """The key that was given, else KAFKA_KEY's: one for all keeps one order in one partition, the id spreads over all."""
        if self.given_key is not None:
            return self.given_key.encode()
        return CONSTANT_KEY if settings.KAFKA_KEY == "data_entry" else str(self.entry_id).encode()

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Ours, then those that were given."""
        own = [(ENTRY_ID_HEADER, str(self.entry_id).encode()), CONTENT_TYPE_HEADER]
        given = self.given_headers
        return own if given is None else [*own, *((name, text.encode()) for name, text in given.items())]

    @property
    def value(self) -> bytes:
        """UTF-8 JSON."""
        return dumps({"id": self.entry_id, "content": self.content, "created_at": self.created_at})


@dataclass
class PublishResult:
    """Result of publishing records: acknowledged, refused for good with the reason, or neither because of `failure`."""

    acknowledged: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    failure: str = ""


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
        """Send all, then wait for the acknowledgements, for at most `seconds`. Never raises a KafkaError."""
        deadline = time.monotonic() + seconds
        outcome = PublishResult()
        try:
            producer = self._get_producer(deadline)
        except (KafkaError, OSError) as error:
            self._fail(None, outcome, error)
            return outcome
        try:
            self._settle(self._send(producer, records, outcome, deadline), outcome, deadline)
        except KafkaError as error:
            self._fail(producer, outcome, error)
        else:
            self._circuit_open_until = 0.0
        return outcome

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
    ) -> list[tuple[int, Any]]:
        sent = []
        for record in records:
            headers = record.headers
            try:
                if record.traceparent:
                    with tracing.continued(record.traceparent):  # whose header OpenTelemetry adds
                        future = producer.send(settings.KAFKA_TOPIC, record.value, record.key, headers)
                else:
                    future = producer.send(settings.KAFKA_TOPIC, record.value, record.key, headers)
            except REFUSALS as error:
                outcome.refused[record.entry_id] = str(error)
            except KafkaError as error:
                outcome.failure = _text(error)
                break
            else:
                sent.append((record.entry_id, future))
            if time.monotonic() > deadline:
                break
        return sent

    def _settle(self, sent: Sequence[tuple[int, Any]], outcome: PublishResult, deadline: float) -> None:
        """Collect what was acknowledged until the deadline, all of it, and raise the first failure after."""
        failure: KafkaError | None = None
        for entry_id, future in sent:
            try:
                future.get(timeout=max(0.0, deadline - time.monotonic()))
            except REFUSALS as error:
                outcome.refused[entry_id] = str(error)
            except KafkaError as error:
                failure = failure or error
            else:
                outcome.acknowledged.append(entry_id)
        if failure:
            raise failure
        if outcome.failure:
            raise KafkaError(outcome.failure)

    def _fail(self, producer: KafkaProducer | None, outcome: PublishResult, error: Exception) -> None:
        """Open the circuit, and drop the producer: an idempotent one can be dead for good (docs/decisions/0032)."""
        outcome.failure = _text(error)
        logger.warning("Kafka did not acknowledge: %s", outcome.failure)
        self._circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
        with self._lock:
            if producer is None or producer is not self._producer:
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


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, KafkaError) else f"{type(error).__name__}: {error}"


publisher = Publisher()
