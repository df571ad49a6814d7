"""A round that is killed is made by the next, and nobody is told twice in effect."""

import json
import signal
import subprocess

import pytest
from django.db import connection

from config.models import Alert, AlertMessage
from config.monitoring.alerts.sending import UNFINISHED
from inflight.models import Delivery
from tests.alerting import START, keys, worker_beats_for_ever
from tests.config.processes import advisory_locks, run_python, start
from tests.fakes.alert_receiver import AlertReceiver
from tests.fakes.faulty import wait_until

pytestmark = pytest.mark.django_db


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
