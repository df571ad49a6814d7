"""What compute tells Prometheus and the landing page, read from the rows: every process says the same."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from prometheus_client import Metric

from compute.models import Job
from config.common.metrics import rows_by
from config.common.status import Level, State

LONG = timedelta(minutes=1)  # for a job to wait


def collect() -> Iterator[Metric]:
    """Metrics: jobs by status."""
    yield rows_by(Job, "status", "apron_jobs", "Jobs by status")


def state() -> State:
    """State: whether jobs wait, and for how long."""
    oldest = Job.objects.filter(status=Job.Status.QUEUED).order_by("id").first()
    if oldest is None:
        return State(Level.OK, "Ready for files.")
    if oldest.created_at < timezone.now() - LONG:
        return State(Level.WAITING, "Jobs wait for their turn.")
    return State(Level.OK, "Jobs are running.")
