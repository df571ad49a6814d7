"""The runner: assign queued jobs to worker processes, at most COMPUTE_CONCURRENCY at once, and watch these.

It computes nothing itself. All it knows is in the jobs' rows: killed, it loses its jobs to another runner, or to the next.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection
from django.utils.translation import gettext_noop

from compute.jobs import leases
from compute.jobs.notifications import QUEUED, Listener
from compute.jobs.worker_process import WorkerProcess
from compute.jobs.workspaces import remove_abandoned_workspaces
from compute.models import Job
from config.api.problems import Problem, disk_full_as_problem
from config.core.disk import trouble_of
from config.core.spark_settings import spark_options

logger = logging.getLogger(__name__)

LEASE_CHECK_SECONDS = 1.0  # between looks at leases, cancelled jobs, silent runners
WAIT_SECONDS = 0.5
DATABASE_AWAY_SECONDS = 1.0
DATA_FACTOR = 3  # RLIMIT_DATA counts what is reserved, not what is used


@dataclass
class Slot:
    """A worker process and the job that it runs."""

    worker: WorkerProcess
    job: Job | None = None
    record: Callable[[], object] | None = None  # writes down what came of the job; kept until the database has taken it


class Runner:
    """Run jobs until told to stop."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        self.slots: list[Slot] = []
        self._next_lease_check = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Run until `stopping` is set; then give the jobs back. A database that is away for a while does not end it."""
        remove_abandoned_workspaces()
        self.slots = [Slot(WorkerProcess(_limits())) for _ in range(settings.COMPUTE_CONCURRENCY)]
        try:
            while not stopping.is_set():
                try:
                    self._serve(stopping)
                except Error as error:
                    logger.warning("%s", trouble_of(error))
                    connection.close()
                    stopping.wait(DATABASE_AWAY_SECONDS)
        finally:
            self._stop()

    def _serve(self, stopping: threading.Event) -> None:
        close_old_connections()
        with Listener(QUEUED) as listener:
            while not stopping.is_set():
                for slot in self.slots:
                    self._poll(slot)
                if time.monotonic() >= self._next_lease_check:
                    self._next_lease_check = time.monotonic() + LEASE_CHECK_SECONDS
                    self._renew_leases()
                self._start_queued()
                listener.wait(WAIT_SECONDS, [slot.worker.connection for slot in self.slots])
                self._drop_cancelled()

    def _start_queued(self) -> None:
        for slot in self.slots:
            if slot.job is None:
                if (job := leases.claim_job(self.name)) is None:
                    return
                self._start(slot, job)

    def _start(self, slot: Slot, job: Job) -> None:
        try:
            with disk_full_as_problem():
                spec = leases.job_spec_for(job)
        except Problem as problem:
            slot.job, slot.record = job, partial(leases.fail_job_with, job, problem)
            self._settle(slot)
            return
        slot.job = job
        try:
            slot.worker.start(spec)
        except OSError:  # it was killed while it waited
            self._replace(slot)
            slot.worker.start(spec)

    def _poll(self, slot: Slot) -> None:
        """Look what came of the slot's job, unless that is known and only not written down yet."""
        if slot.record is None:
            slot.record = self._outcome(slot)
        if slot.record is not None:
            self._settle(slot)

    def _outcome(self, slot: Slot) -> Callable[[], object] | None:
        try:
            answer = slot.worker.answer()
        except (EOFError, OSError):
            return self._handle_crash(slot)
        if slot.job is None:
            return None
        if answer is not None:
            return partial(_settle, slot.job, answer)
        if time.monotonic() - slot.worker.started > settings.COMPUTE_TIMEOUT_SECONDS:
            self._replace(slot)
            detail = f"The job took longer than {settings.COMPUTE_TIMEOUT_SECONDS:g} s (COMPUTE_TIMEOUT_SECONDS)."
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return partial(leases.fail_job, slot.job, status=status, code="limit_reached", detail=detail)
        return None

    def _handle_crash(self, slot: Slot) -> Callable[[], object] | None:
        """A worker is dead: of age, between jobs, or by a signal, in the middle of one."""
        status = self._replace(slot)
        if slot.job is None:
            return None
        logger.error("The worker of job %s ended with %s", slot.job.pk, status)
        reason = f"The process that computed it ended in the middle (exit status {status})."
        return partial(leases.retry_job, slot.job, reason)

    def _settle(self, slot: Slot) -> None:
        job, record = slot.job, slot.record
        slot.job = slot.record = None
        try:
            if record is not None:
                record()
        except (OperationalError, InterfaceError):  # it is written down when the database is back, or has room
            slot.job, slot.record = job, record
            raise

    def _renew_leases(self) -> None:
        held = [(slot.job, slot.worker.progress) for slot in self.slots if slot.job]
        self._drop_lost({job.pk for job, _ in held} - leases.renew_leases(held))
        leases.recover_jobs()

    def _drop_cancelled(self) -> None:
        """Look whether a job that runs here was cancelled: the news of that comes as the news of a new one."""
        held = {slot.job.pk for slot in self.slots if slot.job}
        if held:
            self._drop_lost(
                set(Job.objects.filter(pk__in=held, status=Job.Status.CANCELLED).values_list("pk", flat=True))
            )

    def _drop_lost(self, lost: set[int]) -> None:
        for slot in self.slots:
            if slot.job and slot.job.pk in lost:
                self._replace(slot)
                leases.clean_up(slot.job)
                slot.job = slot.record = None

    def _replace(self, slot: Slot) -> int:
        status = slot.worker.end()
        slot.worker = WorkerProcess(_limits())
        return status

    def _stop(self) -> None:
        for slot in self.slots:
            slot.worker.end()
            if slot.job:
                leases.requeue_job(slot.job)
        self.slots = []


def _limits() -> dict[str, Any]:
    memory = settings.COMPUTE_MEMORY_LIMIT
    return {
        "engine": settings.COMPUTE_ENGINE,
        "data_bytes": DATA_FACTOR * memory,
        "file_bytes": settings.COMPUTE_MAX_RESULT,
        "recycle_above_bytes": memory
        if settings.COMPUTE_ENGINE == "spark"
        else memory // 2,  # a JVM takes seconds to start
        "environment": {
            "memory": memory,
            "spark_remote": settings.SPARK_REMOTE,
            "spark_master": settings.SPARK_MASTER,
            "spark_conf": spark_options(settings.SPARK_CONF),
            "spark_wait_seconds": settings.SPARK_WAIT_SECONDS,
        },
    }


def _settle(job: Job, answer: dict[str, Any]) -> None:
    if "done" in answer:
        leases.finish_job(job, answer["done"])
    elif "error" in answer:
        leases.fail_job(job, **answer["error"])
    else:
        logger.error("Job %s crashed: %s", job.pk, answer["crash"])
        detail = gettext_noop("The computation failed; the log has the details under this job.")
        leases.fail_job(job, status=HTTPStatus.INTERNAL_SERVER_ERROR, code="internal", detail=detail)
