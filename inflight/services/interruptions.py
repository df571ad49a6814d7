"""What becomes of imports that were cut off in the middle. Nothing of them is there: they store all in one transaction."""

from django.db import transaction
from django.utils import timezone

from config.worker.queue import wake
from inflight.models import ImportRun

RUN_IMPORTS_TASK = "inflight.tasks.run_queued_imports"


@transaction.atomic
def queue_again(run: ImportRun) -> None:
    """Queue a run that lost its database. Another process may have found it interrupted by now, or it may be done."""
    lost = ImportRun.objects.filter(pk=run.pk, status__in=[ImportRun.Status.RUNNING, ImportRun.Status.INTERRUPTED])
    if lost.update(status=ImportRun.Status.QUEUED, started_at=None, finished_at=None, progress=0.0, error=""):
        wake(RUN_IMPORTS_TASK)


def mark_interrupted_imports() -> None:
    """Say of the runs that died in the middle that they did; call it holding the lock of imports."""
    ImportRun.objects.filter(status=ImportRun.Status.RUNNING).update(
        status=ImportRun.Status.INTERRUPTED,
        finished_at=timezone.now(),
        error="The process ended in the middle; nothing of this run was imported. Import the files again.",
    )
