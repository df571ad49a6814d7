"""What people are told of a backlog."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.monitoring.alerts.rounds import check_alerts
from ingest.models import DataEntry
from tests.alerting import MINUTE, receiving, worker_beats_for_ever
from tests.fakes.alert_receiver import AlertReceiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[AlertReceiver]:
    worker_beats_for_ever()
    with receiving(settings) as server:
        yield server


def test_entries_that_wait_for_kafka_are_told_after_a_while_and_when_they_are_out(
    receiver: AlertReceiver, settings: Any, admin_client: Client
) -> None:
    settings.ALERT_BACKLOG_SECONDS = 300
    now = timezone.now()
    DataEntry.objects.create(content="a", created_at=now)
    check_alerts(now + 4 * MINUTE)
    assert receiver.alerts == []
    for n in range(6, 9):
        check_alerts(now + n * MINUTE)
    assert receiver.titles == ["Entries have waited for Kafka for more than 5 min"]
    assert receiver.alerts[0]["detail"] == "They are stored, and published when Kafka is back. Waiting now: 1."
    assert admin_client.get(receiver.alerts[0]["url"]).status_code == 200
    DataEntry.objects.update(published_at=now)
    for n in range(9, 20):
        check_alerts(now + n * MINUTE)
    assert receiver.titles[1:] == ["Entries are published to Kafka again"]


def test_a_backlog_that_is_full_is_told_at_once(receiver: AlertReceiver, settings: Any) -> None:
    settings.INGEST_BACKLOG_LIMIT = 2
    for n in range(3):
        DataEntry.objects.create(content=n)
    check_alerts()
    (alert,) = receiver.alerts
    assert (alert["severity"], alert["state"]) == ("error", "full")


def test_entries_that_were_published_or_refused_are_not_told(receiver: AlertReceiver, settings: Any) -> None:
    settings.ALERT_BACKLOG_SECONDS = 1
    then = timezone.now() - 30 * MINUTE
    DataEntry.objects.create(content="a", created_at=then, published_at=then)
    DataEntry.objects.create(content="b", created_at=then, refusal="large")
    check_alerts()
    assert receiver.alerts == []
