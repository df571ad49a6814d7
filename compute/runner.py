"""The runner: one loop that gives queued jobs to warm children, at most COMPUTE_CONCURRENCY at once, and looks after them.

It computes nothing itself. All it knows is in the jobs' rows: killed, it loses its jobs to another runner, or to the next.
"""

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection

from compute.child_folders import remove_left_behind
from compute.models import Job
from compute.pool import Child
from compute.services import running
from compute.wakeups import QUEUED, Listener
from config.common.problems import Problem

logger = logging.getLogger(__name__)

CARE_SECONDS = 1.0  # between looks at leases, cancelled jobs, silent runners
WAIT_SECONDS = 0.5
DATABASE_AWAY_SECONDS = 1.0
DATA_FACTOR = 3  # RLIMIT_DATA counts what is reserved, not what is used


@dataclass
class Post:
    """A place for one child, and the job it has."""

    child: Child
    job: Job | None = None


class Runner:
    """Runs jobs until told to stop."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        self.posts: list[Post] = []
        self._next_care = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Run until `stopping` is set; then give the jobs back. A database that is away for a while does not end it."""
        remove_left_behind()
        self.posts = [Post(Child(_limits())) for _ in range(settings.COMPUTE_CONCURRENCY)]
        try:
            while not stopping.is_set():
                try:
                    self._serve(stopping)
                except Error as error:
                    logger.warning("The database did not answer: %s", error)
                    connection.close()
                    stopping.wait(DATABASE_AWAY_SECONDS)
        finally:
            self._stop()

    def _serve(self, stopping: threading.Event) -> None:
        close_old_connections()
        with Listener(QUEUED) as listener:
            while not stopping.is_set():
                for post in self.posts:
                    self._look_at(post)
                if time.monotonic() >= self._next_care:
                    self._next_care = time.monotonic() + CARE_SECONDS
                    self._take_care()
                self._start_queued()
                listener.wait(WAIT_SECONDS, [post.child.connection for post in self.posts])
                self._drop_cancelled()

    def _start_queued(self) -> None:
        for post in self.posts:
            if post.job is None:
                if (job := running.claim_job(self.name)) is None:
                    return
                self._start(post, job)

    def _start(self, post: Post, job: Job) -> None:
        try:
            order = running.order_for(job)
        except Problem as problem:
            running.fail_job_with(job, problem)
            return
        post.job = job
        try:
            post.child.start(order)
        except OSError:  # it was killed while it waited
            self._replace(post)
            post.child.start(order)

    def _look_at(self, post: Post) -> None:
        try:
            answer = post.child.answer()
        except (EOFError, OSError):
            self._mourn(post)
            return
        if answer is not None and post.job is not None:
            _settle(post.job, answer)
            post.job = None
        elif post.job is not None and time.monotonic() - post.child.started > settings.COMPUTE_TIMEOUT_SECONDS:
            self._replace(post)
            detail = f"The job took longer than {settings.COMPUTE_TIMEOUT_SECONDS:g} s (COMPUTE_TIMEOUT_SECONDS)."
            running.fail_job(post.job, status=HTTPStatus.UNPROCESSABLE_ENTITY, code="limit_reached", detail=detail)
            post.job = None

    def _mourn(self, post: Post) -> None:
        """A child is dead: of age, between jobs, or by a signal, in the middle of one."""
        status = self._replace(post)
        if post.job is not None:
            logger.error("The child of job %s ended with %s", post.job.pk, status)
            running.retry_job(post.job, f"The process that computed it ended in the middle (exit status {status}).")
            post.job = None

    def _take_care(self) -> None:
        held = [(post.job, post.child.progress) for post in self.posts if post.job]
        self._drop_lost({job.pk for job, _ in held} - running.keep_jobs(held))
        running.recover_jobs()

    def _drop_cancelled(self) -> None:
        """Look whether a job that runs here was cancelled: the news of that comes as the news of a new one."""
        held = {post.job.pk for post in self.posts if post.job}
        if held:
            self._drop_lost(
                set(Job.objects.filter(pk__in=held, status=Job.Status.CANCELLED).values_list("pk", flat=True))
            )

    def _drop_lost(self, lost: set[int]) -> None:
        for post in self.posts:
            if post.job and post.job.pk in lost:
                self._replace(post)
                running.clean_up(post.job)
                post.job = None

    def _replace(self, post: Post) -> int:
        status = post.child.end()
        post.child = Child(_limits())
        return status

    def _stop(self) -> None:
        for post in self.posts:
            post.child.end()
            if post.job:
                running.give_back_job(post.job)
        self.posts = []


def _limits() -> dict[str, Any]:
    memory = settings.COMPUTE_MEMORY_LIMIT
    return {
        "engine": settings.COMPUTE_ENGINE,
        "data_bytes": DATA_FACTOR * memory,
        "file_bytes": settings.COMPUTE_MAX_RESULT,
        "tired_bytes": memory if settings.COMPUTE_ENGINE == "spark" else memory // 2,  # a JVM takes seconds to start
        "surroundings": {
            "memory": memory,
            "spark_remote": settings.SPARK_REMOTE,
            "spark_master": settings.SPARK_MASTER,
        },
    }


def _settle(job: Job, answer: dict[str, Any]) -> None:
    if "done" in answer:
        running.finish_job(job, answer["done"])
    elif "fault" in answer:
        running.fail_job(job, **answer["fault"])
    else:
        logger.error("Job %s crashed: %s", job.pk, answer["crash"])
        detail = "The computation failed; the log has the details under this job."
        running.fail_job(job, status=HTTPStatus.INTERNAL_SERVER_ERROR, code="internal", detail=detail)
