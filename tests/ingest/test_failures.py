"""Kafka refuses a record, a password or a certificate: nobody else suffers from it, and it is told which it was."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.test import Client
from django.utils import timezone

from ingest.models import DataEntry, KafkaFailure
from ingest.monitoring.alerts import conditions
from ingest.publisher import FailureReason
from ingest.services import relay_waiting
from tests.factories_ingest import DataEntryFactory
from tests.fakes.faulty import FaultyServer, free_port, wait_until
from tests.fakes.kafka_reader import read_topic
from tests.fakes.kafka_strict import StrictKafka

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(settings: Any, topic: str) -> Iterator[StrictKafka]:
    with StrictKafka() as kafka:
        settings.KAFKA_BOOTSTRAP_SERVERS = [kafka.address]
        yield kafka


def post(client: Client) -> str:
    return str(client.post("/api/data", {"content": "x"}, content_type="application/json").json()["message"])


def failure(client: Client) -> str:
    """Return what the health check says of Kafka."""
    return str(client.get("/api/health").json()["checks"]["ingest"].get("failure", ""))


def test_what_kafka_refuses_takes_nothing_else_with_it(strict: StrictKafka, topic: str) -> None:
    strict.proxy.max_bytes = 3000
    entries = DataEntryFactory.create_batch(50)
    large = [DataEntryFactory(content="x" * 4000) for _ in range(2)]
    entries += DataEntryFactory.create_batch(50)

    def is_done() -> bool:
        relay_waiting(seconds=10)
        return not DataEntry.objects.filter(published_at=None, refusal="").exists()

    wait_until(is_done, what="everything published or refused")
    assert {record.entry_id for record in read_topic(strict.address, topic)} == {entry.pk for entry in entries}
    refused = DataEntry.objects.exclude(refusal="")
    assert {entry.pk for entry in refused} == {entry.pk for entry in large}
    assert all("raise max.message.bytes" in entry.refusal for entry in refused)


def test_the_entry_after_one_that_is_refused_is_published(client: Client, strict: StrictKafka) -> None:
    strict.proxy.max_bytes = 3000
    DataEntryFactory(content="x" * 4000)
    relay_waiting(seconds=10)
    assert "published" in post(client)


def test_a_wrong_password_is_named(
    client: Client, strict: StrictKafka, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.KAFKA_SECURITY_PROTOCOL, settings.KAFKA_SASL_MECHANISM = "SASL_PLAINTEXT", "PLAIN"
    settings.KAFKA_SASL_USERNAME, settings.KAFKA_SASL_PASSWORD = "somebody", "secret-word"
    assert "pending" in post(client)
    assert failure(client) == "Kafka refuses KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD."
    assert failure(client) in caplog.text
    assert "secret-word" not in caplog.text


@pytest.mark.parametrize(
    ("name", "days", "trusted", "sentence"),
    [
        ("127.0.0.1", -1, True, "The certificate of a Kafka broker has expired."),
        ("127.0.0.1", 1, False, FailureReason.UNTRUSTED.sentence),
        ("another.example", 1, True, FailureReason.UNTRUSTED.sentence),
    ],
)
def test_a_certificate_that_does_not_hold_is_named(
    client: Client, settings: Any, tmp_path: Path, name: str, days: int, trusted: bool, sentence: str
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=timezone.now() + timedelta(days=days)).configure_cert(context)
    (trustme.CA(), authority)[trusted].cert_pem.write_to_path(tmp_path / "ca.pem")
    with FaultyServer() as server:  # nobody gets further than its certificate
        server.use_tls(context)
        settings.KAFKA_SECURITY_PROTOCOL, settings.KAFKA_SSL_CAFILE = "SSL", str(tmp_path / "ca.pem")
        settings.KAFKA_BOOTSTRAP_SERVERS = [f"127.0.0.1:{server.port}"]
        assert "pending" in post(client)
    told_apart = settings.KAFKA_CLIENT == "kafka-python"  # librdkafka says only that the certificate is no good
    assert failure(client) == (sentence if told_apart else FailureReason.CERTIFICATE.sentence)


def test_a_broker_that_is_not_there_is_named_until_nothing_waits(client: Client, settings: Any) -> None:
    with free_port() as nobody:
        settings.KAFKA_BOOTSTRAP_SERVERS = [f"127.0.0.1:{nobody}"]
        assert "pending" in post(client)
    assert failure(client) == "A Kafka broker cannot be reached."
    [condition] = conditions(timezone.now())
    assert condition.detail.endswith("A Kafka broker cannot be reached.")
    DataEntry.objects.update(published_at=timezone.now())
    assert failure(client) == ""


def test_a_failure_before_the_oldest_entry_came_is_not_what_it_waits_for(client: Client) -> None:
    KafkaFailure.objects.create(sentence="old")
    DataEntryFactory()
    assert failure(client) == ""
