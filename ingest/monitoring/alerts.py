"""Alerts of ingest: entries that wait for Kafka for long, and a backlog that is full."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from config.monitoring.alerts.sources import Condition, Severity
from config.monitoring.dashboard import duration
from ingest.selectors import count_waiting, oldest_waiting, why_waiting

RECOVERY = gettext_noop("Entries are published to Kafka again")
PATH = "/admin/ingest/dataentry/?state=waiting"


def conditions(now: datetime) -> Iterator[Condition]:
    """Yield the backlog, if there is one."""
    oldest = oldest_waiting()
    if oldest is None:
        return
    limit = settings.INGEST_BACKLOG_LIMIT
    waiting = count_waiting(limit)
    why = f" {sentence}" if (sentence := why_waiting(oldest)) else ""
    if waiting > limit:
        yield Condition(
            key="kafka-backlog",
            state="full",
            title=_("More than %(limit)s entries wait for Kafka: no more are accepted") % {"limit": limit},
            detail=_("POST /api/data answers 503 until Kafka accepts them. The limit is INGEST_BACKLOG_LIMIT.") + why,
            recovery=RECOVERY,
            path=PATH,
            since=oldest,
        )
        return
    yield Condition(
        key="kafka-backlog",
        state="waiting",
        severity=Severity.WARNING,
        title=_("Entries have waited for Kafka for more than %(alert_backlog_seconds)s")
        % {"alert_backlog_seconds": duration(settings.ALERT_BACKLOG_SECONDS)},
        detail=_("They are stored, and published when Kafka is back. Waiting now: %(waiting)s.") % {"waiting": waiting}
        + why,
        recovery=RECOVERY,
        path=PATH,
        since=oldest,
        patience=timedelta(seconds=settings.ALERT_BACKLOG_SECONDS),
    )
