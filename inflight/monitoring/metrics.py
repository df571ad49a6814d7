"""Prometheus metrics of inflight, read from the database."""

from collections.abc import Iterator

from prometheus_client import Metric

from config.monitoring.metrics import rows_by
from inflight.models import Delivery, DeliveryBatch, ImportRun, Pickup


def collect() -> Iterator[Metric]:
    """Yield imports, pickups, deliveries and batches by status."""
    yield rows_by(ImportRun, "status", "apron_imports", "Imports by status")
    yield rows_by(Pickup, "status", "apron_pickups", "Pairs of files from the inbox by status")
    yield rows_by(Delivery, "status", "apron_deliveries", "Deliveries by status")
    yield rows_by(DeliveryBatch, "status", "apron_delivery_batches", "Batches of deliveries by status")
