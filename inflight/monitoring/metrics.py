"""Prometheus metrics of inflight, read from the database."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from config.monitoring.metrics import rows_by
from inflight.models import Delivery, DeliveryBatch, ImportRun, Pickup
from inflight.monitoring.alerts import failed_deliveries, waiting_deliveries, waits_since


def collect() -> Iterator[Metric]:
    """Yield imports, pickups, deliveries and batches by status; how long the partner keeps one waiting; what failed."""
    yield rows_by(ImportRun, "status", "apron_imports", "Imports by status")
    yield rows_by(Pickup, "status", "apron_pickups", "Pairs of files from the inbox by status")
    yield rows_by(Delivery, "status", "apron_deliveries", "Deliveries by status")
    yield rows_by(DeliveryBatch, "status", "apron_delivery_batches", "Batches of deliveries by status")
    since = [waits_since(delivery) for delivery in waiting_deliveries()]
    seconds = (timezone.now() - min(since)).total_seconds() if since else 0.0
    yield GaugeMetricFamily(
        "apron_delivery_waiting_seconds",
        "How long the partner has taken nothing of a delivery that it refused",
        seconds,
    )
    yield GaugeMetricFamily(
        "apron_deliveries_unmended",
        "Failed deliveries that no later one of everyone replaces",
        failed_deliveries().count(),
    )
