"""librdkafka, by confluent-kafka, as a producer: the extra `apron[librdkafka]`."""

import logging
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException
from django.conf import settings

from ingest.publisher.failures import Failure, FailureReason
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

REFUSALS = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD}
REASONS: dict[FailureReason, set[int]] = {
    FailureReason.CREDENTIALS: {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED},  # noqa: SLF001 - public, as all these
    FailureReason.MECHANISM: {KafkaError.UNSUPPORTED_SASL_MECHANISM, KafkaError.ILLEGAL_SASL_STATE},
    FailureReason.NOT_ALLOWED: {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED},
    FailureReason.NO_TOPIC: {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC},  # noqa: SLF001
    FailureReason.REPLICAS: {KafkaError.NOT_ENOUGH_REPLICAS, KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND},
    FailureReason.SLOW: {KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError.REQUEST_TIMED_OUT},  # noqa: SLF001
    FailureReason.UNREACHABLE: {KafkaError._TRANSPORT, KafkaError._RESOLVE, KafkaError._ALL_BROKERS_DOWN},  # noqa: SLF001
}
QUEUE_KILOBYTES = 64 * 1024  # of records that wait to be sent
POLL_SECONDS = 0.1
ROOM_SECONDS = 0.005  # between looks whether the queue has room


def producer_options() -> dict[str, Any]:
    """Return what the producer is made with, in librdkafka's names."""
    options: dict[str, Any] = {
        "bootstrap.servers": ",".join(settings.KAFKA_BOOTSTRAP_SERVERS),
        "security.protocol": settings.KAFKA_SECURITY_PROTOCOL,
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 0,  # records come in groups already (ingest.storage.group_commit)
        "batch.size": BATCH_BYTES,
        "message.max.bytes": largest_request(),
        "partitioner": "murmur2_random",  # the partition of a key as kafka-python and Java have it
        "queue.buffering.max.kbytes": QUEUE_KILOBYTES,
        "socket.connection.setup.timeout.ms": CONNECT_MS,
        "socket.timeout.ms": REQUEST_MS + CONNECT_MS,
        "request.timeout.ms": REQUEST_MS,
        "delivery.timeout.ms": DELIVERY_MS,
        "topic.metadata.propagation.max.ms": DELIVERY_MS // 2,  # a topic that is missing is named before time is up
        "reconnect.backoff.max.ms": RECONNECT_MS,
    }
    optional = {
        "sasl.mechanism": settings.KAFKA_SASL_MECHANISM,
        "sasl.username": settings.KAFKA_SASL_USERNAME,
        "sasl.password": settings.KAFKA_SASL_PASSWORD,
        "ssl.ca.location": settings.KAFKA_SSL_CAFILE,
        "ssl.certificate.location": settings.KAFKA_SSL_CERTFILE,
        "ssl.key.location": settings.KAFKA_SSL_KEYFILE,
    }
    return options | {name: value for name, value in optional.items() if value}


class LibrdkafkaProducer:
    """Connects in the background. A thread of its own waits for what librdkafka has to tell."""

    def __init__(self) -> None:
        self.trouble: Failure | None = None
        self._is_closed = False
        options = producer_options() | {"error_cb": self._note_trouble}
        try:
            self._producer = confluent_kafka.Producer(options, logger=logging.getLogger("librdkafka"))
        except KafkaException as error:
            raise ProducerError(failure_of(error.args[0])) from error
        self._listener = threading.Thread(target=self._listen, name="librdkafka", daemon=True)
        self._listener.start()

    def send(self, records: Sequence[Record], deadline: float) -> "_Sending":
        sending = _Sending(self, records)
        taken = 0
        while taken < len(records) and not self._is_closed and time.monotonic() < deadline:
            try:
                self._produce(records[taken], sending)
                taken += 1
            except BufferError:
                time.sleep(ROOM_SECONDS)
        sending.expect(taken)
        return sending

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._listener.join(1.0)
        self._producer.purge()
        self._producer.close()  # without a record it has nothing to wait for

    def explain(self, failure: Failure) -> Failure:
        """Add what librdkafka said last: of a record that timed out it does not say why."""
        if not (trouble := self.trouble):  # which another thread may forget at any moment
            return failure
        reason = max(failure.reason, trouble.reason, key=lambda each: each.precision)
        return Failure(reason, f"{failure.text} ({trouble.text})")

    def _produce(self, record: Record, sending: "_Sending") -> None:
        settle = partial(sending.settle, record.entry_id)
        try:
            with record.in_its_trace():
                self._producer.produce(
                    settings.KAFKA_TOPIC, record.value, record.key, headers=record.headers, on_delivery=settle
                )
        except KafkaException as error:
            settle(error.args[0])
        except RuntimeError as error:  # another thread has closed it
            settle(error)

    def _listen(self) -> None:
        while not self._is_closed:
            self._producer.poll(POLL_SECONDS)

    def _note_trouble(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN or not self.trouble:  # noqa: SLF001 - its public name
            self.trouble = failure_of(error)


def failure_of(error: KafkaError | Exception) -> Failure:
    """Return why librdkafka fails. What is wrong with TLS is in its words, whose code may be that of a lost connection."""
    if not isinstance(error, KafkaError):
        return Failure(FailureReason.OTHER, str(error))
    text = error.str()
    if error.code() == KafkaError._SSL or "SSL routines" in text:  # noqa: SLF001 - its public name
        return Failure(FailureReason.CERTIFICATE if "certificate" in text else FailureReason.PROTOCOL, text)
    reasons = (reason for reason, codes in REASONS.items() if error.code() in codes)
    return Failure(next(reasons, FailureReason.OTHER), text)


class _Sending:
    """Records that librdkafka has taken, and what it told of them."""

    def __init__(self, producer: LibrdkafkaProducer, records: Sequence[Record]) -> None:
        self._producer, self._records = producer, records
        self._settled: dict[int, Any] = {}  # the error of each, or None
        self._expected = -1
        self._is_settled = threading.Event()

    def settle(self, entry_id: int, error: Any, _message: Any = None) -> None:
        """Note what became of a record; mostly in the producer's own thread."""
        self._settled[entry_id] = error
        if len(self._settled) == self._expected:
            self._is_settled.set()

    def expect(self, records: int) -> None:
        """Say how many there are to wait for."""
        self._expected = records
        if len(self._settled) == records:
            self._is_settled.set()

    def wait(self, deadline: float) -> PublishResult:
        result = PublishResult()
        if not self._is_settled.wait(max(0.0, deadline - time.monotonic())) or self._expected < len(self._records):
            result.failure = self._producer.explain(Failure(FailureReason.SLOW, "Not acknowledged in time."))
        by_id = {record.entry_id: record for record in self._records}
        for entry_id, error in self._settled.copy().items():
            if error is None:
                result.acknowledged.append(entry_id)
            elif isinstance(error, KafkaError) and error.code() in REFUSALS:
                is_invalid = error.code() == KafkaError.INVALID_RECORD
                result.refused_together[entry_id] = error.str() if is_invalid else too_large(by_id[entry_id])
            else:
                result.failure = self._producer.explain(failure_of(error))
        if not result.failure:
            self._producer.trouble = None
        return result
