"""What inflight tells Prometheus, read from the rows: every process says the same."""

from collections.abc import Iterator

from django.db.models import Count, Model
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from inflight.models import Delivery, DeliveryBatch, ImportRun


def collect() -> Iterator[Metric]:
    """Metrics: imports, deliveries and batches by status."""
    yield _by_status(ImportRun, "apron_imports", "Imports by status")
    yield _by_status(Delivery, "apron_deliveries", "Deliveries by status")
    yield _by_status(DeliveryBatch, "apron_delivery_batches", "Batches of deliveries by status")


def _by_status(model: type[Model], name: str, help_text: str) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=["status"])
    for status, rows in model._default_manager.values_list("status").annotate(rows=Count("pk")):  # noqa: SLF001
        family.add_metric([status], rows)
    return family
