"""What is librdkafka's own: its options, its errors, its queue. All else of it runs through ingest's other tests."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.utils import timezone
from kafka.admin import KafkaAdminClient, NewTopic

from ingest.publisher import FailureReason, Publisher, Record, librdkafka
from tests.fakes.faulty import free_port
from tests.fakes.kafka_proxy import KafkaProxy
from tests.fakes.kafka_reader import Arrived, read_topic

Read = Callable[[], list[Arrived]]


@pytest.fixture(autouse=True)
def client(settings: Any) -> None:
    settings.KAFKA_CLIENT = "librdkafka"


def records(number: int, content: str = "x") -> list[Record]:
    return [Record(entry_id, content, timezone.now()) for entry_id in range(1, number + 1)]


def test_a_broker_that_is_away_is_named_with_the_reason(settings: Any) -> None:
    with free_port() as port:
        settings.KAFKA_BOOTSTRAP_SERVERS = [f"127.0.0.1:{port}"]
    publisher = Publisher()
    started = time.monotonic()
    outcome = publisher.publish(records(3), seconds=1.0)
    assert time.monotonic() - started < 5.0
    assert (outcome.acknowledged, outcome.refused) == ([], {})
    assert f"127.0.0.1:{port}" in str(outcome.failure)
    assert "Connection refused" in str(outcome.failure)


def test_what_it_is_made_with_is_all_that_the_settings_say(settings: Any) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = ["a:1", "b:2"]
    settings.KAFKA_SECURITY_PROTOCOL, settings.KAFKA_SASL_MECHANISM = "SASL_SSL", "SCRAM-SHA-512"
    settings.KAFKA_SASL_USERNAME, settings.KAFKA_SASL_PASSWORD = "apron", "not to be told"
    settings.KAFKA_SSL_CAFILE, settings.KAFKA_SSL_CERTFILE, settings.KAFKA_SSL_KEYFILE = "/ca", "/cert", "/key"
    expected = {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "apron",
        "sasl.password": "not to be told",
        "ssl.ca.location": "/ca",
        "ssl.certificate.location": "/cert",
        "ssl.key.location": "/key",
        "acks": "all",
        "enable.idempotence": True,
    }
    assert expected.items() <= librdkafka.producer_options().items()


def test_a_broker_without_the_login_that_is_asked_of_it_is_a_failure_without_the_password(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.KAFKA_SECURITY_PROTOCOL, settings.KAFKA_SASL_MECHANISM = "SASL_PLAINTEXT", "PLAIN"
    settings.KAFKA_SASL_USERNAME, settings.KAFKA_SASL_PASSWORD = "apron", "not to be told"
    outcome = Publisher().publish(records(1), seconds=2.0)
    assert outcome.failure
    assert "not to be told" not in str(outcome.failure) + caplog.text


@contextmanager
def _tls_server(authority: trustme.CA, *, expired: bool) -> Iterator[str]:
    """Listen with a certificate of that authority, and close each connection after the handshake; yield the address."""
    end = datetime.now(UTC) + timedelta(days=-1 if expired else 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_before=end - timedelta(days=2), not_after=end).configure_cert(context)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # the end
            with client, contextlib.suppress(OSError):
                client.settimeout(5)
                context.wrap_socket(client, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize("expired", [True, False])
def test_a_certificate_that_is_no_good_is_named(settings: Any, tmp_path: Path, expired: bool) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    (authority if expired else stranger).cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    settings.KAFKA_SECURITY_PROTOCOL, settings.KAFKA_SSL_CAFILE = "SSL", str(tmp_path / "ca.pem")
    with _tls_server(authority, expired=expired) as address:
        settings.KAFKA_BOOTSTRAP_SERVERS = [address]
        outcome = Publisher().publish(records(1), seconds=2.0)
    assert outcome.failure
    assert outcome.failure.reason is FailureReason.CERTIFICATE
    assert "certificate verify failed" in outcome.failure.text


def test_options_that_it_does_not_take_are_a_failure(settings: Any) -> None:
    settings.KAFKA_SSL_CAFILE = "/nowhere"
    settings.KAFKA_SECURITY_PROTOCOL = "SSL"
    outcome = Publisher().publish(records(1), seconds=1.0)
    assert "ssl.ca.location" in str(outcome.failure)


def test_more_than_its_queue_holds_waits_for_room(arrived: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(librdkafka, "QUEUE_KILOBYTES", 64)
    publisher = Publisher()
    outcome = publisher.publish(records(300, "x" * 2000), seconds=20.0)
    publisher.close()
    assert (len(outcome.acknowledged), outcome.failure) == (300, None)
    assert [record.entry_id for record in arrived()] == list(range(1, 301))


def test_a_queue_that_stays_full_is_waited_for_in_time(proxy: KafkaProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(librdkafka, "QUEUE_KILOBYTES", 64)
    publisher = Publisher()
    with proxy.away():
        started = time.monotonic()
        outcome = publisher.publish(records(300, "x" * 2000), seconds=1.0)
        assert time.monotonic() - started < 5.0
    assert (outcome.acknowledged, outcome.refused) == ([], {})
    assert outcome.failure


def test_closing_sends_nothing_more_and_waits_for_nobody(proxy: KafkaProxy, arrived: Read) -> None:
    publisher = Publisher()
    publisher.publish(records(1), seconds=10.0)
    proxy.stall()
    acknowledgements = publisher.send(records(50)[1:], seconds=30.0)
    started = time.monotonic()
    publisher.close()
    assert time.monotonic() - started < 5.0
    assert acknowledgements().failure
    proxy.heal()


def test_a_key_goes_to_the_partition_that_kafka_python_gives_it(settings: Any, topic: str) -> None:
    settings.KAFKA_KEY = "entry-id"
    placed = [
        _partitions_of(records(40), settings, f"{topic}-{client}", client) for client in ("kafka-python", "librdkafka")
    ]
    assert placed[0] == placed[1]
    assert len(set(placed[0].values())) == 4


def _partitions_of(sent: Sequence[Record], settings: Any, topic: str, client: str) -> dict[int, int]:
    """Publish by that client to a topic of four partitions; return the partition of each entry."""
    admin = KafkaAdminClient(bootstrap_servers=settings.KAFKA_BOOTSTRAP_SERVERS)
    admin.create_topics([NewTopic(topic, num_partitions=4, replication_factor=1)])
    admin.close()
    settings.KAFKA_TOPIC, settings.KAFKA_CLIENT = topic, client
    publisher = Publisher()
    assert publisher.publish(sent, seconds=20.0).failure is None
    publisher.close()
    return {record.entry_id: record.partition for record in read_topic(settings.KAFKA_BOOTSTRAP_SERVERS, topic)}
