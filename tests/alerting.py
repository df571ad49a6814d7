"""What tests of alerts share: a receiver, and rounds at moments of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from config.models import AlertMessage, WorkerHeartbeat
from config.monitoring.alerts.rounds import check_alerts
from config.monitoring.alerts.sources import Condition, Severity
from tests.fakes.alert_receiver import AlertReceiver

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def condition(key: str = "pump", state: str = "dry", since: datetime = START, **others: Any) -> Condition:
    """Return a condition; only what matters to a test needs to be said."""
    facts = {"title": f"The {key} is {state}", "path": "/admin/", "recovery": f"The {key} runs", "detail": "Fill it."}
    return Condition(key=key, state=state, since=since, severity=Severity.ERROR, **facts | others)


def worker_beats_for_ever() -> None:
    """Have a worker that no round finds silent, whatever moment it is at."""
    later = datetime(2099, 1, 1, tzinfo=UTC)
    WorkerHeartbeat.objects.create(name="host:1", started_at=later, beat_at=later)


@contextmanager
def receiving(settings: Any) -> Iterator[AlertReceiver]:
    """Yield a receiver that the settings point to."""
    with AlertReceiver() as receiver:
        settings.ALERT_WEBHOOK, settings.ALERT_ALLOW_PRIVATE = receiver.webhook, True
        yield receiver


def keys(receiver: AlertReceiver) -> list[str]:
    """Return the keys of the messages that have come, in their order."""
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
