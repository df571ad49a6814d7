"""Prometheus metrics of compute, read from the database."""

from collections.abc import Iterator

from prometheus_client import Metric

from compute.models import Job
from config.monitoring.metrics import rows_by


def collect() -> Iterator[Metric]:
    """Yield jobs by status."""
    yield rows_by(Job, "status", "apron_jobs", "Jobs by status")
