"""The worker with real processes: it runs what it is woken for, ends cleanly, and outlives what kills its parts."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connection
from django_q.models import Schedule

from config.models import WorkerHeartbeat
from config.worker.queue import wake, wake_at
from config.worker.schedules import periodics
from tests.config.processes import start
from tests.fakes.faulty import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

MARK = "tests.config.effects.leave_mark"
NAMED_MARK = "tests.config.effects.leave_named_mark"
WHERE = "tests.config.effects.tell_where"
WORK = "tests.config.effects.work_for_a_second"
POOL = 4  # Q_CLUSTER["workers"]
once = pytest.mark.skipif(connection.vendor != "postgresql", reason="processes end alike on every database")


class Worker:
    """`manage.py run_worker` as a process, and the cluster below it."""

    def __init__(self, **environment: str) -> None:
        self.process = start("manage.py", "run_worker", WORKER_STALL_SECONDS="3", **environment)
        self.everyone: set[psutil.Process] = set()

    def cluster(self) -> psutil.Process | None:
        """Return the cluster's main process."""
        return self._remember(next(iter(psutil.Process(self.process.pid).children()), None))

    def pool(self) -> list[psutil.Process]:
        """Return the processes that run tasks: the first that the cluster's sentinel starts; [] until all are there."""
        with contextlib.suppress(psutil.NoSuchProcess):
            cluster = self.cluster()
            for sentinel in cluster.children() if cluster else []:
                children = sorted(sentinel.children(), key=lambda child: child.pid)
                if len(children) == POOL + 2:  # and the two that fetch and record
                    self.everyone |= {sentinel, *children}
                    return children[:POOL]
        return []

    def _remember(self, process: psutil.Process | None) -> psutil.Process | None:
        self.everyone |= {process} if process else set()
        return process

    def nobody_is_left(self) -> bool:
        return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in self.everyone)

    def end(self) -> None:
        """Kill what may still run."""
        self.process.kill()
        for process in self.everyone:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.communicate(timeout=20)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """A running worker, its pool ready, on the test's database without schedules."""
    Schedule.objects.all().delete()
    running = Worker(MARK_FILE=str(tmp_path / "named"))
    try:
        wait_until(running.pool, seconds=30, what="the start of the worker")
        yield running
    finally:
        running.end()


@pytest.fixture
def runs(tmp_path: Path) -> Callable[[], bool]:
    """Tell whether a task runs: wake one and wait for its mark."""

    def task_runs() -> bool:
        mark = tmp_path / "runs"
        wake(MARK, str(mark))
        return bool(wait_until(mark.exists, seconds=30, what="the task"))

    return task_runs


def test_a_task_that_was_woken_runs_in_the_pool_which_has_all_tasks_loaded(worker: Worker, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    wake(WHERE, str(mark))
    wait_until(lambda: mark.exists() and mark.read_text(), what="the task")
    process, *loaded = mark.read_text().split()
    assert int(process) in [process.pid for process in worker.pool()]
    assert {periodic.task.rpartition(".")[0] for periodic in periodics()} <= set(loaded)


@pytest.mark.usefixtures("worker")
def test_a_task_for_later_runs_once_its_time_has_come(tmp_path: Path) -> None:
    wake_at(NAMED_MARK, datetime.now(UTC) + timedelta(seconds=1))
    wait_until((tmp_path / "named").exists, seconds=20, what="the task")
    assert not Schedule.objects.exists()


@once
def test_sigterm_lets_a_running_task_end_and_leaves_nobody_behind(worker: Worker, tmp_path: Path) -> None:
    started, done = tmp_path / "started", tmp_path / "done"
    wake(WORK, str(started), str(done))
    wait_until(started.exists, what="the task's start")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(30) == 0
    assert done.exists()
    assert worker.nobody_is_left()
    assert not WorkerHeartbeat.objects.exists()


@once
def test_a_killed_supervisor_takes_its_whole_cluster_with_it(worker: Worker) -> None:
    worker.process.kill()
    worker.process.wait()
    wait_until(worker.nobody_is_left, what="the end of the cluster")


@once
def test_a_cluster_whose_main_process_is_killed_is_started_again(worker: Worker, runs: Callable[[], bool]) -> None:
    first = worker.cluster()
    assert first
    first.kill()
    wait_until(lambda: worker.cluster() not in (None, first), what="another cluster")  # what is left of it takes tasks
    assert runs()


@once
def test_a_cluster_wedged_by_the_death_of_its_queue_lock_is_started_again(worker: Worker, tmp_path: Path) -> None:
    first = worker.cluster()
    for process in worker.pool():
        os.kill(process.pid, signal.SIGKILL)
    marks = [tmp_path / str(number) for number in range(3)]
    for mark in marks:  # the wedged cluster still takes two, into its queue and its hand
        wake(MARK, str(mark))
    wait_until(marks[-1].exists, seconds=40, what="the task")
    assert worker.cluster() != first
