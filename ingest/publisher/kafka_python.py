"""kafka-python as a producer."""

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from kafka import KafkaProducer
from kafka.errors import InvalidRecordError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from ingest.publisher.kafka_python_errors import error_log
from ingest.publisher.producers import (
    BATCH_BYTES,
    CONNECT_MS,
    DELIVERY_MS,
    RECONNECT_MS,
    REQUEST_MS,
    ProducerError,
    PublishResult,
    largest_request,
    too_large,
)
from ingest.publisher.records import Record

REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)  # trying again will not help


def client_options() -> dict[str, Any]:
    """Return what every connection to Kafka is made with; the security settings pass through."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "security_protocol": settings.KAFKA_SECURITY_PROTOCOL,
        "bootstrap_timeout_ms": CONNECT_MS,
        "reconnect_backoff_max_ms": RECONNECT_MS,
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


class KafkaPythonProducer:
    """Connects when it is made."""

    def __init__(self) -> None:
        error_log.attach()
        started = time.monotonic()
        try:
            self._producer = KafkaProducer(
                **client_options(),
                acks="all",
                enable_idempotence=True,
                linger_ms=0,  # records come in groups already (ingest.storage.group_commit)
                batch_size=BATCH_BYTES,
                max_request_size=largest_request(),
                max_block_ms=CONNECT_MS,
                request_timeout_ms=REQUEST_MS,
                delivery_timeout_ms=DELIVERY_MS,
                metrics_enabled=False,
            )
        except (KafkaError, OSError) as error:
            raise ProducerError(error_log.most_telling(error, since=started)) from error

    def send(self, records: Sequence[Record], deadline: float) -> "_Sending":
        sending = _Sending()
        for record in records:
            try:
                with record.in_its_trace():
                    future = self._producer.send(settings.KAFKA_TOPIC, record.value, record.key, record.headers)
            except REFUSALS as error:
                sending.result.refused[record.entry_id] = _refusal(record, error)
            except KafkaError as error:
                sending.failure = error
                break
            else:
                sending.futures.append((record, future))
            if time.monotonic() > deadline:
                break
        return sending

    def close(self) -> None:
        """Close without sending what is unsent. The public close() first waits for it, and does not end when that fails."""
        sender = self._producer._sender  # noqa: SLF001 - there is no public way
        sender.force_close()
        sender.join(1.0)
        with contextlib.suppress(KafkaError):
            self._producer.close(timeout=0)


class _Sending:
    """The futures of records, in their order."""

    def __init__(self) -> None:
        self.futures: list[tuple[Record, Any]] = []
        self.failure: KafkaError | None = None  # what ended the sending
        self.result = PublishResult()
        self._started = time.monotonic()

    def wait(self, deadline: float) -> PublishResult:
        """Collect what was acknowledged until the deadline, all of it; the first failure is the one that is told."""
        failure: KafkaError | None = None
        for record, future in self.futures:
            try:
                future.get(timeout=max(0.0, deadline - time.monotonic()))
            except REFUSALS as error:
                self.result.refused_together[record.entry_id] = _refusal(record, error)
            except KafkaError as error:
                failure = failure or error
            else:
                self.result.acknowledged.append(record.entry_id)
        if failure := failure or self.failure:
            self.result.failure = error_log.most_telling(failure, since=self._started)
        return self.result


def _refusal(record: Record, error: KafkaError) -> str:
    return str(error) if isinstance(error, InvalidRecordError) else too_large(record)
