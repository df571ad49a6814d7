"""Prometheus metrics of the catalogue, read from the database."""

from collections.abc import Iterator

from prometheus_client import Metric

from catalog.models import Product, RefreshRun
from config.monitoring.metrics import rows_by


def collect() -> Iterator[Metric]:
    """Yield products by registration, refresh runs by status."""
    yield rows_by(Product, "registration", "apron_products", "Products by registration")
    yield rows_by(RefreshRun, "status", "apron_refreshes", "Refresh runs by status")
