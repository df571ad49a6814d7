"""What ingest tells of itself at /health, /metrics and /, read from the rows: every process says the same."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from config.common.health import Unhealthy
from config.common.status import Level, State
from ingest.models import DataEntry
from ingest.selectors import oldest_waiting, situation

LONG = timedelta(minutes=1)  # for an entry to wait


def check_backlog() -> dict[str, Any]:
    """Health: what waits for Kafka. A Kafka that is away is no illness of ours until the backlog is full."""
    facts = situation(settings.INGEST_BACKLOG_LIMIT)
    if facts["waiting"] > settings.INGEST_BACKLOG_LIMIT:
        raise Unhealthy(f"INGEST_BACKLOG_LIMIT is reached: more than {settings.INGEST_BACKLOG_LIMIT} entries wait.")
    return facts


def collect() -> Iterator[Metric]:
    """Metrics: what came in, what waits and for how long, what was refused."""
    facts = situation(settings.INGEST_BACKLOG_LIMIT)
    newest = DataEntry.objects.aggregate(Max("id"))["id__max"] or 0
    yield CounterMetricFamily("apron_ingest_accepted", "Entries taken in: the highest id given", newest)
    yield GaugeMetricFamily(
        "apron_ingest_waiting", "Entries waiting for Kafka, counted up to the limit", facts["waiting"]
    )
    yield GaugeMetricFamily(
        "apron_ingest_oldest_waiting_seconds", "Age of the oldest of them", facts["oldest_waiting_seconds"]
    )
    yield GaugeMetricFamily("apron_ingest_refused", "Entries that Kafka refused for good", facts["refused"])


def state() -> State:
    """State: whether what was taken in reaches Kafka."""
    oldest = oldest_waiting()
    if oldest is None:
        return State(Level.OK, "All that was taken in has reached Kafka.")
    if oldest < timezone.now() - LONG:
        return State(Level.WAITING, "Kafka is away; what is taken in is kept and sent when it is back.")
    return State(Level.OK, "Entries are on their way to Kafka.")
