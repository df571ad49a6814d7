"""Prometheus metrics of ingest, read from the database."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Max
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from ingest.models import DataEntry
from ingest.selectors import situation


def collect() -> Iterator[Metric]:
    """Yield what came in, what waits and for how long, what was refused."""
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
