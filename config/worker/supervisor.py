"""The worker process: a supervisor of django-q2's cluster, which can hang without dying, and of the apps' commands.

When the idle process that holds the cluster's queue lock is killed, everything looks alive and nothing runs
(django-q2 issue 23). The supervisor sees it from outside: a due task that nobody claims.
"""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from django.conf import settings
from django.db import Error, close_old_connections
from django.utils import timezone
from django_q.models import Schedule
from django_q.scheduler import scheduler

from config.core.disk import trouble_of
from config.models import WorkerHeartbeat
from config.worker.commands import declared_commands
from config.worker.folders import watch_folders
from config.worker.health import oldest_due_task
from config.worker.heartbeat import write_heartbeat
from config.worker.metrics_server import serve_metrics

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
STOP_SECONDS = 20.0  # how long running tasks may take to end after SIGTERM
LONGEST_BACKOFF_SECONDS = 30.0


class Process:
    """Run a management command in its own process group and restart it with exponential backoff."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._backoff = 1.0
        self._not_before = 0.0

    def ensure_running(self) -> bool:
        """Start it where it does not run and its pause is over; return whether it was started."""
        if self._process is not None and self._process.poll() is not None:
            self._handle_exit(self._process)
        if self._process is not None or time.monotonic() < self._not_before:
            return False
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "config.worker.cluster", str(os.getpid()), self.command],
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )
        self._started = time.monotonic()
        return True

    def _handle_exit(self, process: "subprocess.Popen[bytes]") -> None:
        self.kill()  # whatever is left of its process group
        lived = time.monotonic() - self._started
        self._backoff = 1.0 if lived > 60 else min(self._backoff * 2, LONGEST_BACKOFF_SECONDS)
        self._not_before = time.monotonic() + self._backoff
        logger.error("%s ended with %s; starting it again", self.command, process.returncode)

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def wait_and_kill(self, deadline: float) -> None:
        """Give it until `deadline` (time.monotonic()) to end; then end the whole group."""
        if self._process is None:
            return
        try:
            self._process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            logger.warning("%s still ran %d s after SIGTERM; its rows go on elsewhere", self.command, STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill the whole process group: the main process's children would live on without it."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


class Supervisor:
    """Keep the cluster and the apps' commands running, write the heartbeat, run due schedules; end on SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.started_at = timezone.now()
        self._stopping = threading.Event()
        self._cluster = Process("qcluster")
        self._others = [Process(command) for command in declared_commands()]
        self._head: tuple[int, float] | None = None  # id of the oldest due task, and since when it is the oldest
        self._runs_all_schedules = True

    def run(self) -> None:
        """Supervise until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        watch_folders(self._stopping)
        serve_metrics()
        next_heartbeat = 0.0
        while not self._stopping.is_set():
            self._ensure_running()
            if time.monotonic() >= next_heartbeat:
                next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
                self._beat_and_check()
            self._stopping.wait(1.0)
        self._stop()
        with contextlib.suppress(Error):  # it falls silent instead
            WorkerHeartbeat.objects.filter(name=self.name).delete()

    def _ensure_running(self) -> None:
        if self._cluster.ensure_running():
            self._head = None
            self._runs_all_schedules = True
        for process in self._others:
            process.ensure_running()

    def _beat_and_check(self) -> None:
        """A database that is away for a while must not end the supervisor."""
        try:
            close_old_connections()
            write_heartbeat(self.name, self.started_at)
            if self._runs_all_schedules:
                self._make_schedules_due()
            scheduler()
            if self._is_stalled():
                logger.error(
                    "A due task was not claimed for %d s; restarting the cluster", settings.WORKER_STALL_SECONDS
                )
                self._cluster.kill()
        except Error as error:
            self._head = None  # what was the oldest task may have been claimed meanwhile
            logger.warning("%s", trouble_of(error))

    def _make_schedules_due(self) -> None:
        """What a predecessor left in the middle is gone on with now, not when its schedule comes round."""
        Schedule.objects.filter(schedule_type=Schedule.MINUTES).update(next_run=timezone.now())
        self._runs_all_schedules = False

    def _is_stalled(self) -> bool:
        """Return whether the same due task has been the oldest for WORKER_STALL_SECONDS: nothing claims any more."""
        head = oldest_due_task()
        now = time.monotonic()
        if head is None or self._head is None or self._head[0] != head.pk:
            self._head = (head.pk, now) if head else None
            return False
        waited = now - self._head[1]
        return waited > float(settings.WORKER_STALL_SECONDS)

    def _stop(self) -> None:
        """Let running work end, for a while; then end all of it."""
        processes = [self._cluster, *self._others]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            process.wait_and_kill(deadline)
