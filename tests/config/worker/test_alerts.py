"""Workers that fall silent are noticed by those that are left, and by web processes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django_q.models import Schedule

from config.models import WorkerHeartbeat
from config.worker import watchdog
from config.worker.alerts import conditions
from tests.alerting import receiving
from tests.fakes.alert_receiver import AlertReceiver
from tests.fakes.faulty import wait_until
from tests.processes import kill, running_system

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
once = pytest.mark.skipif(connection.vendor != "postgresql", reason="processes end alike on every database")


def beat(name: str, seconds_ago: float, *, started: float = 3600) -> None:
    WorkerHeartbeat.objects.create(
        name=name, started_at=NOW - timedelta(seconds=started), beat_at=NOW - timedelta(seconds=seconds_ago)
    )


def states() -> list[str]:
    """Return what would be told by now."""
    return [each.state for each in conditions(NOW) if NOW - each.since >= each.patience]


def test_a_worker_that_beats_is_well() -> None:
    beat("a:1", 3)
    assert states() == []


def test_the_only_worker_that_fell_silent_is_told_after_a_while() -> None:
    beat("a:1", 100)
    assert states() == []
    WorkerHeartbeat.objects.update(beat_at=NOW - timedelta(seconds=121))
    assert states() == ["none"]


def test_workers_that_were_stopped_in_order_and_not_started_again_are_told() -> None:
    Schedule.objects.filter(schedule_type=Schedule.MINUTES).update(next_run=NOW - timedelta(seconds=100))
    assert states() == []
    Schedule.objects.filter(schedule_type=Schedule.MINUTES).update(next_run=NOW - timedelta(seconds=121))
    assert states() == ["none"]


def test_a_database_without_schedules_says_nothing_of_workers() -> None:
    Schedule.objects.all().delete()
    assert states() == []


def test_the_worker_that_is_left_notices_that_another_fell_silent() -> None:
    beat("a:1", 200)
    beat("b:1", 2)
    (condition,) = conditions(NOW)
    assert (condition.state, condition.detail) == ("fewer", "No heartbeat from: a:1")


def test_the_page_that_it_names_is_there(admin_client: Client) -> None:
    beat("a:1", 200)
    (condition,) = conditions(NOW)
    assert admin_client.get(condition.path).status_code == 200


def test_a_worker_started_in_its_place_is_the_end_of_it() -> None:
    beat("a:1", 200)
    beat("b:1", 2)
    beat("a:2", 2, started=150)
    assert states() == []


@pytest.mark.parametrize(("seconds_ago", "requests"), [(5, 0), (500, 1)])
def test_a_web_process_makes_a_round_only_where_no_worker_is_there_to_make_it(
    settings: Any, seconds_ago: float, requests: int
) -> None:
    now = datetime.now(UTC)
    WorkerHeartbeat.objects.create(name="a:1", started_at=now, beat_at=now - timedelta(seconds=seconds_ago))
    with receiving(settings) as receiver:
        watchdog.look()
        watchdog.look()
        assert len(receiver.received) == requests


COUNT_BEATS = "from config.models import WorkerHeartbeat as W; print(W.objects.count())"


@once
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_is_told_by_the_web_process(tmp_path: Path) -> None:
    with AlertReceiver() as receiver:
        environment = {
            "ALERT_WEBHOOK": receiver.webhook,
            "ALERT_ALLOW_PRIVATE": "true",
            "ALERT_SILENT_SECONDS": "10",
        }
        with running_system(tmp_path, **environment) as system:
            worker = system.start("run_worker")
            count = ("shell", "--verbosity", "0", "-c", COUNT_BEATS)
            wait_until(lambda: system.manage(*count).stdout.strip() == "1", seconds=60, what="a worker's beat")
            system.start_web()
            assert receiver.received == []
            kill(worker)
            wait_until(lambda: receiver.titles, seconds=60, what="the alert")
            assert receiver.titles == ["No worker is running: nothing is imported, delivered or refreshed"]
