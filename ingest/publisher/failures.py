"""Why Kafka does not take what it is sent, in a sentence for operators, whichever client it is."""

from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext_noop as _


class FailureReason(StrEnum):
    """Why Kafka did not acknowledge; `sentence` says it to people, without addresses and credentials."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    CREDENTIALS = "credentials"
    MECHANISM = "mechanism"
    EXPIRED = "certificate-expired"
    UNTRUSTED = "certificate-untrusted"
    CERTIFICATE = "certificate"
    PROTOCOL = "protocol"
    NO_TOPIC = "no-topic"
    NOT_ALLOWED = "not-allowed"
    REPLICAS = "replicas"
    OTHER = "other"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]

    @property
    def precision(self) -> int:
        """How much it tells: of the errors of an attempt, the one that tells most is the reason."""
        return {FailureReason.OTHER: 0, FailureReason.SLOW: 1, FailureReason.UNREACHABLE: 2}.get(self, 3)


SENTENCES = {
    FailureReason.UNREACHABLE: _("A Kafka broker cannot be reached."),
    FailureReason.SLOW: _("Kafka does not answer in time."),
    FailureReason.CREDENTIALS: _("Kafka refuses KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD."),
    FailureReason.MECHANISM: _("Kafka does not offer KAFKA_SASL_MECHANISM."),
    FailureReason.EXPIRED: _("The certificate of a Kafka broker has expired."),
    FailureReason.UNTRUSTED: _(
        "The certificate of a Kafka broker is not trusted, or has another name: KAFKA_SSL_CAFILE."
    ),
    FailureReason.CERTIFICATE: _(
        "A Kafka broker's certificate is not trusted (KAFKA_SSL_CAFILE), expired or of another name."
    ),
    FailureReason.PROTOCOL: _("Kafka speaks another protocol than KAFKA_SECURITY_PROTOCOL."),
    FailureReason.NO_TOPIC: _("Kafka has no topic KAFKA_TOPIC."),
    FailureReason.NOT_ALLOWED: _("Kafka does not allow this user to write to KAFKA_TOPIC."),
    FailureReason.REPLICAS: _("Too few replicas of KAFKA_TOPIC are in sync: brokers are down (min.insync.replicas)."),
    FailureReason.OTHER: _("Kafka does not accept the entries; the log has the details."),
}


class Failure(NamedTuple):
    """An error, without its traceback: that holds on to the sockets of the attempt."""

    reason: FailureReason
    text: str

    def __str__(self) -> str:
        return f"{self.reason.sentence} {self.text}"
