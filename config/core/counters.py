"""Counters and histograms of what processes do, shared by all processes of a machine and shown by `GET /metrics`.

Names follow Prometheus: `apron_…_total`, `apron_…_seconds`. A label has few values, which the code knows: no ids, no paths.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import prometheus_client
from django.conf import settings
from prometheus_client import Metric, values
from prometheus_client.multiprocess import MultiProcessCollector

from config.core.process_files import Claim

_claim = Claim()
values.ValueClass = values.MultiProcessValue(lambda: _claim.number)  # type: ignore[no-untyped-call]


class _Counted:
    """A metric with labels. Where its files cannot be had it counts nothing: nobody's request fails for a number."""

    def __init__(self, metric: Any) -> None:
        self._metric = metric
        self._children: dict[tuple[str, ...], Any] = {}

    def _child(self, labels: tuple[str, ...]) -> Any | None:
        if not _claim.is_made():
            return None
        child = self._children.get(labels)
        if child is None:
            try:
                child = self._children[labels] = self._metric.labels(*labels)
            except OSError:
                return None
        return child


class Counter(_Counted):
    """Something that happens; `name` ends in `_total`."""

    def __init__(self, name: str, help_text: str, labels: Sequence[str]) -> None:
        super().__init__(prometheus_client.Counter(name, help_text, labels, registry=None))

    def inc(self, *labels: str, amount: float = 1) -> None:
        """Count it, once or more often."""
        child = self._child(labels)
        if child is not None:
            child.inc(amount)


class Histogram(_Counted):
    """How long something takes; `name` ends in `_seconds`, and `buckets` are upper bounds."""

    def __init__(self, name: str, help_text: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        super().__init__(prometheus_client.Histogram(name, help_text, labels, registry=None, buckets=buckets))

    def observe(self, *labels: str, seconds: float) -> None:
        """Count it where it belongs."""
        child = self._child(labels)
        if child is not None:
            child.observe(seconds)


def collect() -> Iterable[Metric]:
    """Return what all processes of this machine have counted, living and dead."""
    files = sorted(map(str, Path(settings.METRICS_DIR).glob("*.db")))
    found: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
    return found
