"""Alerts by mail, over a real SMTP server."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.models import AlertMessage
from config.monitoring.alerts.rounds import check_alerts
from config.monitoring.alerts.sources import Condition
from tests.alerting import HOUR, MINUTE, START, condition, rounds_until_sent_or_given_up
from tests.fakes.faulty import free_port

pytestmark = pytest.mark.django_db


class Mailbox:
    """Keeps mail, or refuses it with what a server says."""

    def __init__(self) -> None:
        self.refusals: list[str] = []
        self.mails: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server on a real socket."""
    box = Mailbox()
    with free_port() as port:
        pass
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.ALERT_EMAILS = ["ops@example.org"]
    yield box
    server.stop()


def test_mail_goes_out_over_smtp_and_says_what_is_wrong(wrong: list[Condition], mailbox: Mailbox) -> None:
    wrong.append(condition(title="Two\nlines"))
    check_alerts(START)
    (envelope,) = mailbox.mails
    text = bytes(envelope.content or b"").decode()
    assert envelope.rcpt_tos == ["ops@example.org"]
    assert "Subject: [Apron] error: Two lines" in text
    assert f"Message-ID: <{AlertMessage.objects.get().idempotency_key}@apron>" in text
    assert "Fill it." in text
    assert "/admin/" in text


def test_mail_that_is_put_off_is_sent_again_and_what_is_refused_is_not(
    wrong: list[Condition], mailbox: Mailbox
) -> None:
    mailbox.refusals = ["451 try later ops@example.org"]
    wrong.append(condition())
    assert rounds_until_sent_or_given_up() == [START, START + MINUTE]
    mailbox.refusals = ["550 no such user ops@example.org"]
    wrong.append(condition("fan"))
    check_alerts(START + HOUR)
    message = AlertMessage.objects.latest("pk")
    assert (message.status, message.last_error) == ("failed", "the mail server answered 550")


def test_a_mail_server_that_is_away_is_asked_again(wrong: list[Condition], settings: Any, mailbox: Mailbox) -> None:
    there = settings.EMAIL_PORT
    with free_port() as port:
        settings.EMAIL_PORT = port
        wrong.append(condition())
        check_alerts(START)
    message = AlertMessage.objects.get()
    assert message.status == "pending"
    assert message.last_error == "the mail server could not be reached or fell silent (ConnectionRefusedError)"
    settings.EMAIL_PORT = there
    check_alerts(START + MINUTE)
    assert len(mailbox.mails) == 1
