"""Alerts of workers that fell silent, as another worker or a web process sees them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django_q.models import Schedule

from config.models import WorkerHeartbeat
from config.monitoring.alerts.sources import Condition, Severity
from config.monitoring.dashboard import duration

KEY = "workers"
PATH = "/admin/config/workerheartbeat/"


def conditions(now: datetime) -> Iterator[Condition]:
    """Yield that no worker is alive, or that one fell silent and none was started in its place."""
    rows = list(WorkerHeartbeat.objects.order_by("-beat_at"))  # of a day
    alive = [row for row in rows if not _is_silent(row.beat_at, now)]
    if not alive:
        yield from _none(rows, now)
    elif missing := [row for row in rows if _is_silent(row.beat_at, now) and not _has_successor(row, alive)]:
        yield Condition(
            key=KEY,
            state="fewer",
            severity=Severity.WARNING,
            title=(
                _("A worker stopped responding, %(number)s still works")
                if len(alive) == 1
                else _("A worker stopped responding, %(number)s still work")
            )
            % {"number": len(alive)},
            detail=_("No heartbeat from: %(workers)s") % {"workers": ", ".join(row.name for row in missing[:10])},
            recovery=_("The worker that stopped responding was replaced, or a day has passed"),
            path=PATH,
            since=missing[0].beat_at,
        )


def is_any_alive(now: datetime) -> bool:
    """Return whether a worker was heard of lately."""
    newest = WorkerHeartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    return newest is not None and not _is_silent(newest, now)


def _none(rows: list[WorkerHeartbeat], now: datetime) -> Iterator[Condition]:
    since = rows[0].beat_at if rows else _since_no_schedule_runs()
    if since is None:
        return
    yield Condition(
        key=KEY,
        state="none",
        title=_("No worker is running: nothing is imported, delivered or refreshed"),
        detail=_("The last heartbeat of a worker was %(total_seconds)s ago. Start one: manage.py run_worker.")
        % {"total_seconds": duration((now - since).total_seconds())},
        recovery=_("A worker is running again"),
        path=PATH,
        since=since,
        patience=timedelta(seconds=settings.ALERT_SILENT_SECONDS),
    )


def _since_no_schedule_runs() -> datetime | None:
    """Return when a schedule came due that no worker runs: one that ended in order leaves no heartbeat behind."""
    due = Schedule.objects.filter(schedule_type=Schedule.MINUTES).order_by("next_run")
    oldest: datetime | None = due.values_list("next_run", flat=True).first()
    return oldest


def _is_silent(beat_at: datetime, now: datetime) -> bool:
    return now - beat_at > timedelta(seconds=settings.ALERT_SILENT_SECONDS)


def _has_successor(silent: WorkerHeartbeat, alive: list[WorkerHeartbeat]) -> bool:
    return any(row.started_at > silent.beat_at for row in alive)
