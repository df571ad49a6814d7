"""Job state changes made on request: submit, wait, cancel, drop old results."""

import hashlib
import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from compute.exceptions import JobSettled, QueueFull
from compute.files.formats import format_of
from compute.files.ownership import Requester, drop_owners_of_nothing, readable_file
from compute.files.storage import RESULTS, StoredFile, storage
from compute.jobs.notifications import QUEUED, SETTLED, Listener, notify
from compute.models import Job
from config.access import audit
from config.api.idempotency import link_resource
from config.core.json import dumps
from config.core.telemetry import tracing

logger = logging.getLogger(__name__)

BUSY_RETRY_SECONDS = 5
RESULTS_REVISION = (
    4  # raised by each release that answers the same request on the same file otherwise than the one before
)
LOOK_AGAIN_SECONDS = 1.0  # should a wake-up be missed


@dataclass(frozen=True)
class Request:
    """A requested operation. A blank `input_format` is told by the file's name or content, a blank `output_format` by that."""

    operation: str
    parameters: dict[str, Any]
    file_path: str
    sub: str
    input_format: str = ""
    output_format: str = ""
    sees_all: bool = False

    @property
    def requester(self) -> Requester:
        """Who asks."""
        return Requester(self.sub, self.sees_all)


def submit_job(request: Request, *, fresh: bool) -> Job:
    """Return a job for the request: unless `fresh`, one that has answered it already on this very file, or a new one.

    Raises OutsideRoot, FileMissing, NotAFile or QueueFull.
    """
    job = _job_for(request, readable_file(request.file_path, request.requester))
    if not fresh and (earlier := _earlier_job(request, job.fingerprint)):
        return earlier
    if Job.objects.filter(status=Job.Status.QUEUED).count() >= settings.COMPUTE_QUEUE_LIMIT:
        raise QueueFull(
            f"{settings.COMPUTE_QUEUE_LIMIT} jobs are waiting already. Try again in a while.",
            headers={"Retry-After": str(BUSY_RETRY_SECONDS)},
        )
    with transaction.atomic():
        job.save(force_insert=True)
        link_resource(job.pk)
        if job.operation not in Job.LOOKS:
            audit.record("submit_job", job, operation=job.operation)
        notify(QUEUED)
    return job


def newest_job(request: Request) -> Job | None:
    """Return the job that was made last for this request on this very file, whatever became of it. Raises as submit_job."""
    job = _job_for(request, readable_file(request.file_path, request.requester))
    return visible_jobs(request.requester).filter(fingerprint=job.fingerprint).order_by("-id").first()


def visible_jobs(requester: Requester) -> QuerySet[Job]:
    """Return the jobs that somebody may see: their own, or all."""
    return Job.objects.all() if requester.sees_all else Job.objects.filter(sub=requester.sub)


def wait_for_job(job: Job, seconds: float) -> Job:
    """Return the job as it is when it has settled, or after `seconds`.

    Only COMPUTE_WAITERS requests of one web process wait at a time, so that there is always a thread left to answer others;
    for the next ones the job is returned at once.
    """
    slots, deadline = _waiting_slots(settings.COMPUTE_WAITERS), time.monotonic() + seconds
    if job.is_settled or not slots.acquire(blocking=False):
        return job
    try:
        with Listener(SETTLED) as listener:
            while True:
                job.refresh_from_db()
                left = deadline - time.monotonic()
                if job.is_settled or left <= 0:
                    return job
                listener.wait(min(left, LOOK_AGAIN_SECONDS))
    finally:
        slots.release()


@cache
def _waiting_slots(number: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(number)


def cancel_job(job: Job) -> Job:
    """Cancel a job that waits or runs; its runner sees it and kills the child. Raises JobSettled."""
    with transaction.atomic():
        active = Job.objects.filter(pk=job.pk, status__in=[Job.Status.QUEUED, Job.Status.RUNNING])
        cancelled = active.update(
            status=Job.Status.CANCELLED, finished_at=timezone.now(), error="Cancelled on request."
        )
        if cancelled:
            audit.record("cancel_job", job)
        notify(QUEUED)
        notify(SETTLED)
    job.refresh_from_db()
    if not cancelled and job.status != Job.Status.CANCELLED:
        raise JobSettled(f"The job has ended already: it is {job.status}.")
    return job


def drop_old_results() -> None:
    """Delete jobs settled RESULT_RETENTION_DAYS ago with their results, results no job knows, and owners of no file."""
    before = timezone.now() - timedelta(days=settings.RESULT_RETENTION_DAYS)
    for job in Job.objects.filter(status__in=Job.SETTLED, finished_at__lt=before).iterator():
        if job.result_path:
            storage().remove(job.result_path)
        job.delete()
    known = set(Job.objects.exclude(result_path="").values_list("result_path", flat=True))
    for file in storage().files(below=RESULTS):
        if file.modified_at < before and file.path not in known:
            storage().remove(file.path)
    drop_owners_of_nothing()


def _job_for(request: Request, file: StoredFile) -> Job:
    job = Job(
        sub=request.sub,
        traceparent=tracing.current_traceparent(),
        operation=request.operation,
        parameters=request.parameters,
        file_path=file.path,
        input_format=request.input_format or format_of(request.file_path) or "",
        output_format=request.output_format,
        input_bytes=file.bytes,
        input_version=file.version.text,
        is_reusable=not file.version.is_racy(storage().now_ns()),
        engine=settings.COMPUTE_ENGINE,
    )
    job.fingerprint = _fingerprint(job)
    return job


def _fingerprint(job: Job) -> str:
    asked = [
        RESULTS_REVISION, job.operation, job.parameters, job.file_path, job.input_format, job.output_format,
        job.input_version, job.engine,
    ]  # fmt: skip
    return hashlib.sha256(dumps(asked)).hexdigest()


def _earlier_job(request: Request, fingerprint: str) -> Job | None:
    done = visible_jobs(request.requester).filter(fingerprint=fingerprint, status=Job.Status.DONE, is_reusable=True)
    earlier = done.order_by("-id").first()
    return earlier if earlier and storage().version_of(earlier.result_path) == earlier.result_version else None
