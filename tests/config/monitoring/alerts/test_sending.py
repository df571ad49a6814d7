"""Messages over real sockets: what is sent, tried again, given up, and kept secret."""

import json
import logging
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from config.models import Alert, AlertMessage
from config.monitoring.alerts.rounds import check_alerts
from config.monitoring.alerts.sending import RETRY_SECONDS, UNFINISHED
from config.monitoring.alerts.sources import Condition
from inflight.models import Delivery
from tests.alerting import HOUR, MINUTE, START, condition, worker_beats_for_ever
from tests.config.processes import advisory_locks, run_python, start
from tests.fakes.alert_receiver import SECRET, AlertReceiver
from tests.fakes.faulty import Fault, free_port, wait_until

pytestmark = pytest.mark.django_db


def keys(receiver: AlertReceiver) -> list[str]:
    return [request.headers["Idempotency-Key"] for request in receiver.received]


def rounds_until_sent_or_given_up() -> list[datetime]:
    """Make a round each minute until no message waits; return the moments at which there was an attempt."""
    moments = []
    for n in range(24 * 60):
        if check_alerts(START + n * MINUTE):
            moments.append(START + n * MINUTE)
        if n and not AlertMessage.objects.filter(status="pending").exists():
            return moments
    raise AssertionError("a message waits for ever")


def test_a_message_is_json_of_ours_with_the_text_that_slack_takes(
    wrong: list[Condition], receiver: AlertReceiver, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://apron.example.org/"
    wrong.append(condition(title="Delivery <7> failed & waits", path="/admin/inflight/delivery/7/change/"))
    check_alerts(START)
    (request,) = receiver.received
    assert request.headers["Content-Type"] == "application/json"
    page = "https://apron.example.org/admin/inflight/delivery/7/change/"
    assert request.json() == {
        "text": f"*ERROR: Delivery &lt;7&gt; failed &amp; waits*\nFill it.\n{page}",
        "alert": {
            "id": request.headers["Idempotency-Key"],
            "kind": "begun",
            "key": "pump",
            "state": "dry",
            "severity": "error",
            "title": "Delivery <7> failed & waits",
            "detail": "Fill it.",
            "since": "2026-03-01T12:00:00+00:00",
            "ended_at": None,
            "url": page,
        },
    }


def test_what_is_not_taken_is_tried_again_with_its_key_and_body_until_it_is(
    wrong: list[Condition], receiver: AlertReceiver
) -> None:
    receiver.fail_next(Fault(status=500), Fault(drop=True), Fault(status=429))
    wrong.append(condition())
    moments = rounds_until_sent_or_given_up()
    waits = [(after - before).total_seconds() for before, after in pairwise(moments)]
    assert waits == [60, 300, 900]
    assert len(set(keys(receiver))) == 1
    assert len({request.body for request in receiver.received}) == 1
    message = AlertMessage.objects.get()
    assert (message.status, message.attempts, message.last_error) == ("sent", 4, "")


def test_a_receiver_that_asks_for_patience_gets_it(wrong: list[Condition], receiver: AlertReceiver) -> None:
    receiver.fail_next(Fault(status=503, headers={"Retry-After": "7200"}))
    wrong.append(condition())
    moments = rounds_until_sent_or_given_up()
    assert moments == [START, START + 2 * HOUR]


def test_it_is_given_up_when_the_schedule_ends(wrong: list[Condition], receiver: AlertReceiver) -> None:
    receiver.down = True
    wrong.append(condition())
    moments = rounds_until_sent_or_given_up()
    assert len(moments) == len(RETRY_SECONDS) + 1
    message = AlertMessage.objects.get()
    assert (message.status, message.next_attempt_at) == ("failed", None)
    assert message.last_error == "the alert webhook: connection failed or was dropped"


@pytest.mark.parametrize("status", [301, 302, 400, 403, 404, 410])
def test_what_is_refused_for_good_is_not_tried_again(
    wrong: list[Condition], receiver: AlertReceiver, status: int
) -> None:
    receiver.fail_next(Fault(status=status, headers={"Location": f"{receiver.url}/elsewhere"}, body=b"no_service"))
    wrong.append(condition())
    assert rounds_until_sent_or_given_up() == [START]
    assert len(receiver.received) == 1
    assert AlertMessage.objects.get().last_error.startswith(f"the alert webhook answered {status}")


def test_a_channel_that_fails_is_tried_once_a_round(wrong: list[Condition], receiver: AlertReceiver) -> None:
    receiver.down = True
    wrong += [condition(f"pump-{n}") for n in range(5)]
    for n in range(4):
        check_alerts(START + n * MINUTE)
        assert len(receiver.received) == n + 1


def test_an_address_of_our_own_network_is_refused_unless_allowed(
    wrong: list[Condition], receiver: AlertReceiver, settings: Any
) -> None:
    settings.ALERT_ALLOW_PRIVATE = False
    wrong.append(condition())
    check_alerts(START)
    message = AlertMessage.objects.get()
    assert (message.status, message.last_error) == ("failed", "the alert webhook: the address is not a public one")
    assert receiver.received == []


def test_a_channel_that_is_taken_away_ends_what_waits_for_it(
    wrong: list[Condition], receiver: AlertReceiver, settings: Any
) -> None:
    receiver.down = True
    wrong.append(condition())
    check_alerts(START)
    settings.ALERT_WEBHOOK = ""
    check_alerts(START + HOUR)
    assert AlertMessage.objects.get().status == "failed"


class MalformedServer:
    """Answers with a header that cannot be parsed, of which urllib3 writes a warning with the address."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def serve_one(self) -> None:
        taken, _ = self._socket.accept()
        with taken:
            taken.recv(65536)
            taken.sendall(b"HTTP/1.1 500 Bad\r\nContent-Length: 0\r\n: no name\r\nno colon\r\n\r\n")
        self._socket.close()


def test_the_address_of_the_webhook_is_nowhere(
    wrong: list[Condition],
    receiver: AlertReceiver,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    admin_client: Client,
) -> None:
    malformed = MalformedServer()
    server = threading.Thread(target=malformed.serve_one)
    server.start()
    with caplog.at_level(logging.INFO):
        wrong.append(condition("fan"))
        receiver.fail_next(Fault(status=500), Fault(drop=True), Fault(status=302))
        for n in range(30):
            check_alerts(START + n * MINUTE)
        settings.ALERT_WEBHOOK = f"http://127.0.0.1:{malformed.port}/services/{SECRET}"
        wrong.append(condition("pump"))
        check_alerts(START + HOUR)
        with free_port() as port:
            settings.ALERT_WEBHOOK = f"http://127.0.0.1:{port}/services/{SECRET}"
            wrong.append(condition("tap"))
            check_alerts(START + 2 * HOUR)
    server.join(20)
    assert AlertMessage.objects.exclude(last_error="").count() == 2
    pages = [
        admin_client.get(path).content.decode()
        for path in (
            "/admin/",
            "/admin/config/alert/",
            f"/admin/config/alert/{Alert.objects.earliest('pk').pk}/change/",
            "/admin/config/alertmessage/",
            f"/admin/config/alertmessage/{AlertMessage.objects.earliest('pk').pk}/change/",
        )
    ]
    rows = [list(model.objects.values()) for model in (Alert, AlertMessage)]
    assert SECRET not in caplog.text + str(pages) + str(rows) + str(list(AlertMessage.objects.all()))


MAKE_A_ROUND = """
import django, sys
django.setup()
from config.monitoring.alerts import rounds
sys.stdin.readline()
rounds.check_alerts()
"""


def start_round(receiver: AlertReceiver) -> "subprocess.Popen[str]":
    """Start a process that makes a round when it is told to."""
    return start("-c", MAKE_A_ROUND, ALERT_WEBHOOK=receiver.webhook, ALERT_ALLOW_PRIVATE="true")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["on_received", "on_answered"])
def test_a_process_killed_while_it_sends_is_succeeded_by_the_next_with_the_same_key(
    receiver: AlertReceiver, moment: str
) -> None:
    worker_beats_for_ever()
    Delivery.objects.create(status="failed")
    process = start_round(receiver)
    setattr(receiver, moment, lambda _: process.kill())
    process.communicate("go\n", timeout=60)
    message = AlertMessage.objects.get()
    if moment == "on_received":
        assert process.returncode == -signal.SIGKILL
        assert (message.status, message.attempts, message.last_error) == ("pending", 1, UNFINISHED)
    setattr(receiver, moment, lambda _: None)
    AlertMessage.objects.filter(status="pending").update(next_attempt_at=START)

    for _ in range(2):
        wait_until(lambda: not advisory_locks(), what="PostgreSQL to notice that the process is dead")
        again = start_round(receiver)
        again.communicate("go\n", timeout=60)
        assert again.returncode == 0

    message.refresh_from_db()
    assert message.status == "sent"
    assert len(set(keys(receiver))) == 1
    assert receiver.titles[-1] == f"Delivery {Delivery.objects.get().pk} failed"
    assert Alert.objects.count() == AlertMessage.objects.count() == 1


MAKE_A_ROUND_TO_A_WRITE = """
import os, signal
from django.db import connection
from config.monitoring.alerts import rounds
left = int(os.environ["WRITES"])
def killing(execute, sql, *rest):
    global left
    left -= sql.startswith(("INSERT", "UPDATE"))
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, *rest)
with connection.execute_wrapper(killing):
    rounds.check_alerts()
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the rows that it rests on are the same on both")
@pytest.mark.django_db(transaction=True)
def test_a_round_killed_before_any_of_its_writes_is_made_by_the_next(receiver: AlertReceiver) -> None:
    worker_beats_for_ever()
    allowed = {"ALERT_WEBHOOK": receiver.webhook, "ALERT_ALLOW_PRIVATE": "true"}
    killed = 0
    for writes in range(20):
        delivery = Delivery.objects.create(status="failed")
        if run_python(MAKE_A_ROUND_TO_A_WRITE, WRITES=str(writes), **allowed).returncode == 0:
            break
        killed += 1
        AlertMessage.objects.filter(status="pending").update(next_attempt_at=START)
        wait_until(lambda: not advisory_locks(), what="PostgreSQL to notice that the process is dead")
        assert run_python(MAKE_A_ROUND_TO_A_WRITE, WRITES="999", **allowed).returncode == 0
        message = Alert.objects.get(key=f"delivery-{delivery.pk}").messages.get()
        assert message.status == "sent", writes
    assert killed > 6
    by_key = {request.headers["Idempotency-Key"]: request.body for request in receiver.received}
    assert sorted(request_title(body) for body in by_key.values()) == sorted(
        f"Delivery {pk} failed" for pk in Delivery.objects.values_list("pk", flat=True)
    )


def request_title(body: bytes) -> str:
    return str(json.loads(body)["alert"]["title"])


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


def test_a_test_message_goes_through_each_channel(receiver: AlertReceiver, settings: Any, capsys: Any) -> None:
    settings.ALERT_EMAILS = ["ops@example.org"]
    call_command("send_test_alert")
    assert capsys.readouterr().out == "webhook: sent\nemail: sent\n"
    assert receiver.alerts[0]["kind"] == "test"
    assert [message.subject for message in mail.outbox] == ["[Apron] info: A test of Apron's alerts"]


def test_a_test_that_fails_says_why_and_is_not_tried_again(receiver: AlertReceiver, capsys: Any) -> None:
    receiver.fail_next(Fault(status=503))
    with pytest.raises(CommandError, match="Not every channel"):
        call_command("send_test_alert")
    assert capsys.readouterr().out == "webhook: failed the alert webhook answered 503 Service Unavailable\n"
    check_alerts(START + timedelta(days=365 * 50))
    assert [request for request in receiver.received if request.json()["alert"]["kind"] == "test"] == receiver.received[
        :1
    ]


def test_a_test_without_a_channel_says_what_to_set() -> None:
    with pytest.raises(CommandError, match="ALERT_WEBHOOK or ALERT_EMAILS"):
        call_command("send_test_alert")


def test_a_check_by_hand_says_what_is_wrong_and_who_was_told(
    wrong: list[Condition], receiver: AlertReceiver, capsys: Any
) -> None:
    wrong.append(condition())
    call_command("check_alerts")
    assert capsys.readouterr().out == "webhook: sent\nerror: The pump is dry\n"
