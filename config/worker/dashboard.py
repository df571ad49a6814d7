"""Dashboard panels of health, workers and queue."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Failure, OrmQ

from config.core.admin_columns import capped, list_address
from config.models import WorkerHeartbeat
from config.monitoring import health
from config.monitoring.dashboard import Figure, Panel, Tone, duration, tone_of
from config.worker.heartbeat import SILENT_AFTER_SECONDS


def parts() -> Panel:
    """Return what /health says of each part, and why where one is down."""
    found = health.report()[1]
    figures = [
        Figure(
            _(name),
            _("works") if part["status"] == "ok" else part["detail"],
            tone=Tone.GOOD if part["status"] == "ok" else Tone.BAD,
        )
        for name, part in found.items()
    ]
    return Panel(figures)


def queue() -> Panel:
    """Return who works, what waits for them, and what failed."""
    now = timezone.now()
    alive = WorkerHeartbeat.objects.filter(beat_at__gte=now - timedelta(seconds=SILENT_AFTER_SECONDS))
    due = OrmQ.objects.filter(lock__lte=now)
    oldest = due.order_by("lock").first()
    return Panel(
        [
            Figure(_("workers"), capped(alive), list_address(WorkerHeartbeat), tone_of(not alive.exists(), Tone.BAD)),
            Figure(_("waiting tasks"), capped(due), list_address(OrmQ)),
            Figure(_("oldest waiting task"), duration((now - oldest.lock).total_seconds()) if oldest else _("none")),
            Figure(
                _("failed tasks"),
                capped(Failure.objects.all()),
                list_address(Failure),
                tone_of(Failure.objects.exists(), Tone.WAITING),
            ),
        ],
    )
