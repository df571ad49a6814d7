"""Messages over real sockets: what is sent, tried again, given up, and kept secret."""

import logging
import socket
import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from config.models import Alert, AlertMessage
from config.monitoring.alerts.rounds import check_alerts
from config.monitoring.alerts.sending import RETRY_SECONDS
from config.monitoring.alerts.sources import Condition
from tests.alerting import HOUR, MINUTE, START, condition, keys, rounds_until_sent_or_given_up
from tests.fakes.alert_receiver import SECRET, AlertReceiver
from tests.fakes.faulty import Fault, free_port

pytestmark = pytest.mark.django_db


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
