"""Prometheus metrics of compute, read from the database."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from compute.models import Job
from config.monitoring.metrics import rows_by


def collect() -> Iterator[Metric]:
    """Yield jobs by status, and how long the next one has waited."""
    yield rows_by(Job, "status", "apron_jobs", "Jobs by status")
    oldest = Job.objects.filter(status=Job.Status.QUEUED).order_by("id").first()
    age = (timezone.now() - oldest.created_at).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily("apron_jobs_oldest_queued_seconds", "Age of the job that is next", age)
