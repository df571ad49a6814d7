"""Somebody is told once of each state, of its end, and never flooded."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from config.core.locks import exclusive
from config.models import Alert, AlertMessage
from config.monitoring.alerts import sources
from config.monitoring.alerts.announcing import MOST_AN_HOUR, MOST_AT_ONCE
from config.monitoring.alerts.rounds import KEPT, LOCK, check_alerts, drop_old_alerts
from config.monitoring.alerts.sources import Condition
from tests.alerting import HOUR, MINUTE, START, condition
from tests.fakes.alert_receiver import AlertReceiver

pytestmark = pytest.mark.django_db


def rounds(number: int, begin: datetime = START, every: timedelta = MINUTE) -> datetime:
    """Make so many rounds; return when the next one would be."""
    for n in range(number):
        check_alerts(begin + n * every)
    return begin + number * every


def kinds(receiver: AlertReceiver) -> list[str]:
    return [alert["kind"] for alert in receiver.alerts]


def test_a_state_is_told_once_however_long_it_lasts(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong.append(condition())
    rounds(90)
    assert receiver.titles == ["The pump is dry"]


def test_another_state_of_the_same_is_another_message_and_no_recovery(
    wrong: list[Condition], receiver: AlertReceiver
) -> None:
    wrong.append(condition(state="dry"))
    then = rounds(3)
    wrong[:] = [condition(state="burning")]
    rounds(20, then)
    assert receiver.titles == ["The pump is dry", "The pump is burning"]
    assert set(Alert.objects.values_list("state", "status")) == {("dry", "over"), ("burning", "open")}


def test_its_end_is_told_once(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong.append(condition())
    then = rounds(3)
    wrong.clear()
    rounds(30, then)
    assert receiver.titles == ["The pump is dry", "The pump runs"]
    assert receiver.alerts[1]["kind"] == "recovered"
    assert receiver.alerts[1]["ended_at"] == "2026-03-01T12:03:00+00:00"


def test_what_begins_anew_after_its_end_is_told_anew(wrong: list[Condition], receiver: AlertReceiver) -> None:
    for begin in (START, START + HOUR):
        wrong[:] = [condition(since=begin)]
        then = rounds(3, begin)
        wrong.clear()
        rounds(10, then)
    assert kinds(receiver) == ["begun", "recovered", "begun", "recovered"]


def test_what_comes_and_goes_each_minute_is_told_once(wrong: list[Condition], receiver: AlertReceiver) -> None:
    for n in range(60):
        wrong[:] = [condition()] if n % 2 == 0 else []
        check_alerts(START + n * MINUTE)
    assert kinds(receiver) == ["begun"]
    rounds(10, START + HOUR)
    assert kinds(receiver) == ["begun", "recovered"]


def test_what_comes_and_goes_slowly_in_many_places_does_not_flood(
    wrong: list[Condition], receiver: AlertReceiver
) -> None:
    hours = 5
    for n in range(hours * 60):
        wrong[:] = [condition(key=f"pump-{each}") for each in range(12) if (n + each) // 7 % 2 == 0]
        check_alerts(START + n * MINUTE)
    moments = list(AlertMessage.objects.order_by("created_at").values_list("created_at", flat=True))
    assert max(sum(0 <= (other - each).total_seconds() < 3600 for other in moments) for each in moments) <= MOST_AN_HOUR
    assert "summary" in kinds(receiver)
    wrong.clear()
    rounds(70, START + (hours + 1) * HOUR)
    assert not Alert.objects.exclude(notice="").exists(), "what there was no room for is told later, in one message"


def test_a_crowd_is_told_in_one_message(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong += [condition(key=f"pump-{n}") for n in range(300)]
    rounds(5)
    (alert,) = receiver.alerts
    assert (alert["kind"], alert["title"], alert["severity"]) == ("summary", "300 alerts changed", "error")
    assert "error: The pump-0 is dry" in alert["detail"]
    assert "and 280 more" in alert["detail"]
    assert AlertMessage.objects.get().alerts.count() == 300


def test_a_few_are_told_one_by_one(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong += [condition(key=f"pump-{n}") for n in range(MOST_AT_ONCE)]
    rounds(2)
    assert len(receiver.alerts) == MOST_AT_ONCE


def test_what_may_take_a_while_is_told_when_it_takes_longer(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong.append(condition(patience=HOUR))
    then = rounds(60)
    assert receiver.alerts == []
    assert not Alert.objects.exists()
    rounds(2, then)
    assert receiver.titles == ["The pump is dry"]


def test_a_milder_state_that_takes_a_while_does_not_end_the_worse_one(
    wrong: list[Condition], receiver: AlertReceiver
) -> None:
    wrong.append(condition(state="burning"))
    then = rounds(2)
    wrong[:] = [condition(state="warm", since=then, patience=HOUR)]
    then = rounds(60, then)
    assert receiver.titles == ["The pump is burning"], "neither recovered nor told of as warm"
    rounds(2, then)
    assert receiver.titles == ["The pump is burning", "The pump is warm"]


def test_what_happened_is_told_once_and_has_no_end(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong.append(condition("import-1", "failed", happened=True))
    then = rounds(5)
    wrong.append(condition("import-2", "failed", happened=True))
    then = rounds(5, then)
    wrong.clear()
    rounds(20, then)
    assert kinds(receiver) == ["happened", "happened"]


def test_a_source_that_cannot_tell_leaves_its_alerts_as_they_are(
    wrong: list[Condition], receiver: AlertReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong.append(condition())
    then = rounds(2)

    def broken(_: datetime) -> Iterator[Condition]:
        yield condition("other")
        raise RuntimeError("out of order")

    sources.register("test", broken)
    sources.register("another", lambda _: [condition("fan")])
    rounds(20, then)
    assert receiver.titles == ["The pump is dry", "The fan is dry"]
    assert Alert.objects.get(key="pump").status == "open"


def test_without_a_channel_alerts_are_kept_and_nobody_is_told(wrong: list[Condition], settings: Any) -> None:
    wrong.append(condition())
    rounds(3)
    assert Alert.objects.get().told_at is None
    assert not AlertMessage.objects.exists()


def test_who_is_told_from_now_on_is_told_of_what_is_so_and_not_of_the_past(
    wrong: list[Condition], settings: Any
) -> None:
    wrong += [condition(), condition("fan"), condition("import-1", "failed", happened=True)]
    then = rounds(3)
    wrong[:] = [condition("fan")]
    then = rounds(10, then)
    settings.ALERT_EMAILS = ["ops@example.org"]
    wrong[:] = [condition("fan")]
    rounds(3, then)
    assert [message.subject for message in mail.outbox] == ["[Apron] error: The fan is dry"]


def test_a_channel_that_fails_does_not_repeat_the_other(
    wrong: list[Condition], receiver: AlertReceiver, settings: Any
) -> None:
    settings.ALERT_EMAILS = ["ops@example.org", "boss@example.org"]
    receiver.down = True
    wrong.append(condition())
    then = rounds(30)
    assert [message.to for message in mail.outbox] == [["ops@example.org", "boss@example.org"]]
    receiver.down = False
    rounds(60, then)
    assert receiver.titles == ["The pump is dry"]
    assert len(mail.outbox) == 1


def test_no_round_is_made_while_another_process_makes_one(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong.append(condition())
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(LOCK):
            held.set()
            over.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(20)
    assert (check_alerts(START), Alert.objects.count()) == ([], 0)
    over.set()
    other.join(20)
    assert [message.status for message in check_alerts(START)] == ["sent"]


def test_old_alerts_are_forgotten_and_what_is_so_is_not(wrong: list[Condition], receiver: AlertReceiver) -> None:
    wrong += [condition(), condition("fan"), condition("import-1", "failed", happened=True)]
    then = rounds(2)
    wrong[:] = [condition("fan")]
    rounds(10, then)
    drop_old_alerts(START + KEPT)
    assert Alert.objects.count() == 3
    drop_old_alerts(START + KEPT + HOUR)
    assert list(Alert.objects.values_list("key", flat=True)) == ["fan"]
    assert not AlertMessage.objects.exists()
