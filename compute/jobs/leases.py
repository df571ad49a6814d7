"""Job state changes made by the runner. Each is one conditional update, so that a job has one owner.

A runner holds its jobs by a lease that it renews; one that is dead or cut off from the database loses them.
"""

import logging
import shutil
import uuid
from datetime import timedelta
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from compute.files.ownership import set_owner
from compute.files.storage import RESULTS, storage
from compute.jobs.notifications import QUEUED, SETTLED, notify
from compute.jobs.orders import JobSpec
from compute.models import Job
from config.api.problems import Problem

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
MAX_ATTEMPTS = 2
ENGINE_SHARE = 0.6  # of a job's memory; the rest is the process itself, and what its allocator holds


def claim_job(runner: str) -> Job | None:
    """Make the oldest queued job this runner's and return it; None where nothing waits."""
    while candidate := Job.objects.filter(status=Job.Status.QUEUED).order_by("id").first():
        now = timezone.now()
        claimed = Job.objects.filter(pk=candidate.pk, status=Job.Status.QUEUED).update(
            status=Job.Status.RUNNING,
            runner=runner,
            lease_until=now + LEASE,
            started_at=now,
            attempts=F("attempts") + 1,
            progress=0.0,
        )
        if claimed:
            candidate.refresh_from_db()
            return candidate
    return None


def job_spec_for(job: Job) -> JobSpec:
    """Return what a child needs to know, its scratch folder made. Raises a Problem where the file is gone by now."""
    file = storage().existing_file(job.file_path, field="file_path")
    scratch = storage().scratch(_attempt(job))
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    return JobSpec(
        engine=job.engine,
        operation=job.operation,
        parameters=job.parameters,
        input_path=file.place,
        input_format=job.input_format,
        input_version=job.input_version or file.version.text,  # a job of an older release has none
        output_format=job.output_format,
        results=storage().results,
        result_stem=f"{PurePosixPath(file.path).name.split('.')[0][:40]}-{job.operation}-{uuid.uuid4().hex[:12]}",
        scratch=str(scratch),
        shared_scratch=storage().shared_scratch(_attempt(job)),
        memory=int(settings.COMPUTE_MEMORY_LIMIT * ENGINE_SHARE),
        threads=settings.COMPUTE_THREADS,
    )


def finish_job(job: Job, outcome: dict[str, Any]) -> bool:
    """Record what a child made of this runner's job; where it is not this runner's any more, delete the result."""
    path = f"{RESULTS}/{outcome['result_name']}"
    set_owner(path, job.sub)
    is_ours = _settle(
        job,
        status=Job.Status.DONE,
        result_path=path,
        result_version=outcome["result_version"],
        rows_in=outcome["rows_in"],
        rows_out=outcome["rows_out"],
        columns=[[name, type_] for name, type_ in outcome["columns"].items()],
        read_as=outcome["read_as"],
        reading=outcome["reading"],
        input_format=outcome["reading"]["format"],
        progress=1.0,
    )
    if not is_ours:
        storage().remove(path)
        set_owner(path, None)
    return is_ours


def fail_job(
    job: Job, *, status: int, code: str, detail: str, field: str = "", read: dict[str, Any] | None = None
) -> bool:
    """Record why this runner's job cannot succeed, and how to read its file so that it may."""
    error = {"error": detail, "error_code": code, "error_field": field, "error_status": status}
    return _settle(job, status=Job.Status.FAILED, mending_read=read or None, **error)


def fail_job_with(job: Job, problem: Problem) -> bool:
    """Record a problem found before the job's start, such as a file that is gone."""
    return fail_job(job, status=problem.status, code=problem.code, detail=problem.detail, field="file_path")


def retry_job(job: Job, reason: str) -> bool:
    """After the death of what ran it: queue this runner's job again, or let it fail with `reason` at the last attempt."""
    if job.attempts >= MAX_ATTEMPTS:
        return fail_job(
            job,
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            code="interrupted",
            detail=f"{reason} That was attempt {job.attempts}; it is not tried again.",
        )
    clean_up(job)
    with transaction.atomic():
        queued = _owned(job).update(status=Job.Status.QUEUED, runner="", lease_until=None)
        notify(QUEUED)
    return bool(queued)


def requeue_job(job: Job) -> None:
    """Queue this runner's job again as if it had not been started: the runner stops."""
    clean_up(job)  # first: the next attempt has the same number
    with transaction.atomic():
        _owned(job).update(status=Job.Status.QUEUED, runner="", lease_until=None, attempts=job.attempts - 1)
        notify(QUEUED)


def renew_leases(jobs: list[tuple[Job, float]]) -> set[int]:
    """Renew the leases and note the progress of (job, progress) pairs; return the ids that are still this runner's."""
    until = timezone.now() + LEASE
    return {job.pk for job, progress in jobs if _owned(job).update(lease_until=until, progress=progress)}


def recover_jobs() -> None:
    """Take the jobs of silent runners from them."""
    for job in Job.objects.filter(status=Job.Status.RUNNING, lease_until__lt=timezone.now()):
        if retry_job(job, f"The worker that ran it, {job.runner}, was killed or cut off."):
            logger.warning("Job %s was left behind by %s", job.pk, job.runner)


def clean_up(job: Job) -> None:
    """Remove what the attempt at the job kept aside."""
    storage().remove_scratch(_attempt(job))


def drop_old_scratch() -> None:
    """Remove what attempts kept aside that nobody could clean up after."""
    left = storage().scratch_names()
    for name in left - {_attempt(job) for job in Job.objects.filter(status=Job.Status.RUNNING)}:
        storage().remove_scratch(name)
    storage().remove_abandoned_uploads()


def _attempt(job: Job) -> str:
    return f"{job.pk}-{job.attempts}"


def _owned(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, runner=job.runner, attempts=job.attempts)


def _settle(job: Job, **changes: Any) -> bool:
    clean_up(job)
    with transaction.atomic():
        settled = _owned(job).update(finished_at=timezone.now(), lease_until=None, **changes)
        notify(SETTLED)
    return bool(settled)
