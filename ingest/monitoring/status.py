"""Status of ingest for the landing page and the health check."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from config.monitoring.health import Unhealthy
from config.monitoring.status import Level, State
from ingest.selectors import oldest_waiting, situation, why_waiting

LONG = timedelta(minutes=1)  # for an entry to wait


def check_backlog() -> dict[str, Any]:
    """Return what waits for Kafka, and why. A Kafka that is away is no illness of ours until the backlog is full."""
    facts = situation(settings.INGEST_BACKLOG_LIMIT)
    if why := why_waiting(oldest_waiting()):
        facts["failure"] = why
    if facts["waiting"] > settings.INGEST_BACKLOG_LIMIT:
        raise Unhealthy(
            _("INGEST_BACKLOG_LIMIT is reached: more than %(ingest_backlog_limit)s entries wait.")
            % {"ingest_backlog_limit": settings.INGEST_BACKLOG_LIMIT},
            **facts,
        )
    return facts


def state() -> State:
    """Return the status: whether what was taken in reaches Kafka."""
    oldest = oldest_waiting()
    if oldest is None:
        return State(Level.OK, _("All entries have been published to Kafka."))
    if oldest < timezone.now() - LONG:
        return State(Level.WAITING, _("Kafka does not respond; entries are stored and published when it is back."))
    return State(Level.OK, _("Entries are being published to Kafka."))
