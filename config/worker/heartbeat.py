"""Write the worker's heartbeat: a row that says when its supervisor last ran."""

from datetime import datetime, timedelta

from django.utils import timezone

from config.models import WorkerHeartbeat

SILENT_AFTER_SECONDS = 30.0  # a worker that has not beaten for this long counts as down


def write_heartbeat(name: str, started_at: datetime) -> None:
    """Note that the worker is alive, and drop the rows of workers silent for a day."""
    now = timezone.now()
    WorkerHeartbeat.objects.update_or_create(
        name=name, defaults={"beat_at": now}, create_defaults={"beat_at": now, "started_at": started_at}
    )
    WorkerHeartbeat.objects.filter(beat_at__lt=now - timedelta(days=1)).delete()
