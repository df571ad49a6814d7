"""Prometheus metrics of `GET /metrics`: what the database knows, read at each scrape, and what processes have counted.

What is read from the database is the same whichever process is asked, and no restart resets it. What happens too often, or
leaves no row, is counted in files that the processes of a machine share (config/core/counters.py).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.db import Error
from django.db.models import Count, Model, QuerySet
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from config.core import counters
from config.monitoring.health import Unhealthy, check_database

logger = logging.getLogger(__name__)

Collect = Callable[[], Iterable[Metric]]


class _Part(NamedTuple):
    name: str
    collect: Collect
    needs_database: bool


_parts = [_Part("processes", counters.collect, needs_database=False)]


def register(collect: Collect, *, needs_database: bool = True) -> None:
    """Add metrics, from an app's ready(). `collect` runs at each scrape: be quick."""
    _parts.append(_Part(collect.__module__, collect, needs_database))


def rows_by(model: type[Model], field: str, name: str, help_text: str) -> Metric:
    """Return a metric that counts a model's rows by the values of a field."""
    return counted_by(model._default_manager.all(), field, name, help_text)  # noqa: SLF001


def counted_by(rows: QuerySet[Model], field: str, name: str, help_text: str) -> Metric:
    """Return a metric that counts some rows by the choices of a field, those of which there are none too."""
    family = GaugeMetricFamily(name, help_text, labels=[field])
    numbers = dict(rows.values_list(field).annotate(rows=Count("pk")).order_by())
    column: Any = rows.model._meta.get_field(field)
    for value, _ in column.flatchoices:
        family.add_metric([value], numbers.get(value, 0))
    return family


class ProcessCollector(Collector):
    """What the processes of this machine have counted, and nothing from the database."""

    def collect(self) -> Iterable[Metric]:
        return counters.collect()


class _Everything(Collector):
    """A part that cannot be read is missing, and is told to be; an absent database is waited for once."""

    def collect(self) -> Iterator[Metric]:
        parts_up = GaugeMetricFamily(
            "apron_metrics_part_up", "Whether this part of the metrics could be read", labels=["part"]
        )
        is_database_up = _answers()
        yield GaugeMetricFamily("apron_database_up", "Whether the database answers", int(is_database_up))
        for part in _parts:
            found = _read(part) if is_database_up or not part.needs_database else None
            yield from found or ()
            parts_up.add_metric([part.name], int(found is not None))
        yield parts_up


def _answers() -> bool:
    try:
        check_database()
    except (Error, Unhealthy) as error:
        logger.warning("The metrics are without the database's: %s", error)
        return False
    return True


def _read(part: _Part) -> list[Metric] | None:
    try:
        return list(part.collect())
    except Exception:
        logger.exception("The metrics of %s could not be read", part.name)
        return None


def exposition() -> tuple[bytes, str]:
    """Return all metrics in Prometheus' text format, and its content type."""
    return generate_latest(_Everything()), CONTENT_TYPE_LATEST
