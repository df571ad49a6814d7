"""Health checks and metrics of the worker and its queue."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import OrmQ
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from config.models import WorkerHeartbeat
from config.monitoring.health import Unhealthy
from config.worker.heartbeat import SILENT_AFTER_SECONDS


def check_worker() -> dict[str, Any]:
    """Health: the age of the newest heartbeat."""
    newest = WorkerHeartbeat.objects.order_by("-beat_at").first()
    if newest is None:
        raise Unhealthy(_("No worker has ever run; start one: manage.py run_worker."))
    age = (timezone.now() - newest.beat_at).total_seconds()
    if age > SILENT_AFTER_SECONDS:
        raise Unhealthy(
            _("The last heartbeat of a worker was %(age)s s ago; start one: manage.py run_worker.")
            % {"age": f"{age:.0f}"}
        )
    return {"last_heartbeat_seconds": round(age, 1)}


def check_queue() -> dict[str, Any]:
    """Health: how long the oldest due task has been waiting for a worker."""
    head = oldest_due_task()
    age = (timezone.now() - head.lock).total_seconds() if head else 0.0
    if age > 2 * settings.WORKER_STALL_SECONDS:
        raise Unhealthy(_("The oldest due task has been waiting for %(age)s s.") % {"age": f"{age:.0f}"})
    return {"oldest_due_seconds": round(age, 1)}


def collect() -> Iterator[Metric]:
    """Metrics: how many tasks wait and how long, and how long ago a worker was last heard of."""
    now = timezone.now()
    head = oldest_due_task()
    age = (now - head.lock).total_seconds() if head else 0.0
    yield GaugeMetricFamily("apron_queue_oldest_due_seconds", "How long the oldest due task has waited", age)
    yield GaugeMetricFamily("apron_queue_due", "Tasks that are due", _due_tasks().count())
    newest = WorkerHeartbeat.objects.order_by("-beat_at").first()
    silence = (now - newest.beat_at).total_seconds() if newest else float("inf")
    yield GaugeMetricFamily("apron_worker_silent_seconds", "Seconds since a worker was last heard of", silence)


def oldest_due_task() -> OrmQ | None:
    """Return the due task that has waited longest; None where none waits."""
    return _due_tasks().order_by("lock").first()


def _due_tasks() -> QuerySet[OrmQ]:
    due: QuerySet[OrmQ] = OrmQ.objects.filter(lock__lte=timezone.now())
    return due
