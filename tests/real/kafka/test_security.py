"""TLS and SCRAM: what is right is published; what is wrong is named, in the log and by the health check."""

from typing import Any

import pytest
from django.test import Client

from ingest.models import DataEntry
from ingest.publisher import FailureReason, publisher
from ingest.services import relay_waiting
from tests.fakes.faulty import wait_until
from tests.real.kafka.certificates import PASSWORD, USER
from tests.real.kafka.cluster import KafkaCluster

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _secure(cluster: KafkaCluster, settings: Any) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = cluster.secure.split(",")
    settings.KAFKA_SECURITY_PROTOCOL = "SASL_SSL"
    settings.KAFKA_SASL_MECHANISM = "SCRAM-SHA-512"
    settings.KAFKA_SASL_USERNAME, settings.KAFKA_SASL_PASSWORD = USER, PASSWORD
    settings.KAFKA_SSL_CAFILE = str(cluster.certificates.authority)


def post(client: Client) -> str:
    return str(client.post("/api/data", {"content": "x"}, content_type="application/json").json()["message"])


def is_published(client: Client) -> bool:
    """Try at once; whether a request waits long enough for a handshake depends on what else the machine does."""
    publisher._circuit_open_until = 0.0
    return "published" in post(client)


def test_an_entry_is_published_over_tls_with_scram(client: Client) -> None:
    wait_until(lambda: is_published(client), what="Kafka acknowledging")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"KAFKA_SASL_PASSWORD": "wrong"}, "Kafka refuses KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD."),
        ({"KAFKA_SASL_USERNAME": "nobody"}, "Kafka refuses KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD."),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "Kafka does not offer KAFKA_SASL_MECHANISM."),
        ({"KAFKA_BOOTSTRAP_SERVERS": "expired"}, "The certificate of a Kafka broker has expired."),
        ({"KAFKA_SSL_CAFILE": ""}, FailureReason.UNTRUSTED.sentence),
        ({"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}, "Kafka speaks another protocol than KAFKA_SECURITY_PROTOCOL."),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "Kafka speaks another protocol than KAFKA_SECURITY_PROTOCOL."),
        ({"KAFKA_BOOTSTRAP_SERVERS": "plain"}, "Kafka speaks another protocol than KAFKA_SECURITY_PROTOCOL."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_mended_without_loss(
    client: Client, cluster: KafkaCluster, settings: Any, caplog: pytest.LogCaptureFixture,
    change: dict[str, str], sentence: str,
) -> None:  # fmt: skip
    right = {name: getattr(settings, name) for name in change}
    servers = {"expired": cluster.expired.split(","), "plain": cluster.address.split(",")}
    for name, value in change.items():
        setattr(settings, name, servers.get(value, value))

    def is_named() -> bool:  # now and then kafka-python sees the connection closed before it reads why
        publisher._circuit_open_until = 0.0
        assert "pending" in post(client)
        return bool(client.get("/api/health").json()["checks"]["ingest"]["failure"] == sentence)

    wait_until(is_named, what=f"the health check saying: {sentence}")
    assert sentence in caplog.text
    assert PASSWORD not in caplog.text

    for name, value in right.items():
        setattr(settings, name, value)
    wait_until(lambda: is_published(client), what="Kafka acknowledging")
    relay_waiting(seconds=10)
    assert not DataEntry.objects.filter(published_at=None).exists()
