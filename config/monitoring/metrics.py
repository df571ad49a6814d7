"""Prometheus metrics of `GET /metrics`, registered by apps and read from the database at each scrape.

So every process tells the same, a restart resets nothing, and the web processes share no memory.
"""

from collections.abc import Callable, Iterable

from django.db.models import Count, Model
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

Collect = Callable[[], Iterable[Metric]]

_registry = CollectorRegistry()


class _AppCollector(Collector):
    """Prometheus collector for a function, which is not called at registration."""

    def __init__(self, collect: Collect) -> None:
        self._collect = collect

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        return self._collect()


def register(collect: Collect) -> None:
    """Add an app's metrics, from its ready(). `collect` is called at each scrape and must be quick."""
    _registry.register(_AppCollector(collect))


def rows_by(model: type[Model], field: str, name: str, help_text: str) -> Metric:
    """Return a metric that counts a model's rows by the values of a field."""
    family = GaugeMetricFamily(name, help_text, labels=[field])
    for value, rows in model._default_manager.values_list(field).annotate(rows=Count("pk")).order_by():  # noqa: SLF001
        family.add_metric([value], rows)
    return family


def exposition() -> tuple[bytes, str]:
    """Return all metrics in Prometheus' text format, and its content type."""
    return generate_latest(_registry), CONTENT_TYPE_LATEST
