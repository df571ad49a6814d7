"""What breaks in a cluster: an executor, the master, the workers, the driver. No answer is wrong, no job waits for ever."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from rest_framework.test import APIClient

from compute.models import Job
from tests.compute.asking import ask, settled
from tests.compute.conftest import RunningRunner
from tests.compute.tables import read_table, run
from tests.fakes.faulty import wait_until
from tests.real.spark.cluster import EXECUTOR_MB, QUICK, WORKERS, Cluster, as_text, options
from tests.real.spark.conftest import SECONDS

pytestmark = [pytest.mark.timeout(1_200), pytest.mark.django_db(transaction=True)]
ROWS = 400_000
PIECE = 250_000  # bytes of a file that one task reads
LARGE_BYTES = 1_300_000_000
COUNTED = {"by": ["shop"], "aggregations": {"price": ["sum", "n_unique", "max"], "note": ["first", "n_unique"]}}
SMALL = {"file_path": "small.csv", "columns": ["price"]}


@pytest.fixture(autouse=True)
def _pieces(on_cluster: Cluster, settings: Any) -> None:
    """Files are read in so many pieces that a kill hits the middle."""
    settings.SPARK_CONF = as_text(options({"spark.sql.files.maxPartitionBytes": str(PIECE)} | QUICK))


@pytest.fixture
def small(compute_root: Path) -> None:
    (compute_root / "small.csv").write_text("shop,price\n007,1.5\n12,2.5\n007,\n")


@pytest.fixture
def sales(compute_root: Path) -> Path:
    path = compute_root / "sales.csv"
    lines = (f"{number % 97:03},{number * 7919 % 10_007 / 4},note {number % 50_021}\n" for number in range(ROWS))
    path.write_text("shop,price,note\n" + "".join(lines))
    return path


def _job(client: APIClient, path: Path) -> int:
    return int(ask(client, "group_by", {"file_path": path.name} | COUNTED).json()["id"])


def _is_underway(job_id: int) -> bool:
    return Job.objects.filter(pk=job_id, progress__gt=0.3, progress__lt=0.9).exists()


def _has_ducks_answer(job: Job, path: Path, root: Path) -> None:
    outcome, there = run(path, "group_by", **COUNTED)
    assert (job.status, job.error) == ("done", "")
    assert (job.rows_in, job.rows_out) == (outcome.rows_in, outcome.rows_out)
    assert read_table(root / job.result_path) == read_table(there)


def test_an_executor_killed_in_the_middle_changes_no_answer(
    client: APIClient, runner: RunningRunner, on_cluster: Cluster, sales: Path, compute_root: Path
) -> None:
    job_id = _job(client, sales)
    wait_until(lambda: _is_underway(job_id), seconds=SECONDS, what="the middle of the job")

    on_cluster.executors()[0].kill()

    job = settled(job_id, SECONDS)
    assert job.attempts == 1
    _has_ducks_answer(job, sales, compute_root)


def test_the_drivers_process_killed_in_the_middle_costs_an_attempt(
    client: APIClient, runner: RunningRunner, sales: Path, compute_root: Path
) -> None:
    job_id = _job(client, sales)
    wait_until(lambda: _is_underway(job_id), seconds=SECONDS, what="the middle of the job")
    child = psutil.Process(runner.busy_child())
    java = [each for each in child.children(recursive=True) if each.name() == "java"]

    os.kill(child.pid, signal.SIGKILL)

    job = settled(job_id, SECONDS)
    assert job.attempts == 2
    _has_ducks_answer(job, sales, compute_root)
    assert psutil.wait_procs(java, timeout=20)[1] == []


def test_a_job_without_a_master_is_told_so_and_the_next_one_works_when_it_is_back(
    client: APIClient, runner: RunningRunner, on_cluster: Cluster, small: None
) -> None:
    def stats() -> Job:
        return settled(int(ask(client, "stats", SMALL).json()["id"]), SECONDS)

    assert stats().status == "done"
    on_cluster.kill_master()
    refused = stats()
    on_cluster.start_master()
    on_cluster.wait_for_workers()
    wait_until(lambda: not on_cluster.executors(), seconds=SECONDS, what="the end of executors that nobody knows")

    assert (refused.status, refused.error_code, refused.error_status) == ("failed", "engine_unavailable", 503)
    assert refused.attempts == 1
    assert (stats().status, stats().error) == ("done", "")


def test_a_job_that_loses_all_executors_is_told_so_in_time_and_the_next_one_works_when_they_are_back(
    client: APIClient,
    on_cluster: Cluster,
    settings: Any,
    start_runner: Callable[[], RunningRunner],
    sales: Path,
    compute_root: Path,
) -> None:
    settings.SPARK_WAIT_SECONDS = 15.0
    start_runner()
    job_id = _job(client, sales)
    wait_until(lambda: _is_underway(job_id), seconds=SECONDS, what="the middle of the job")

    on_cluster.kill_workers()

    job = settled(job_id, SECONDS)
    for _ in range(WORKERS):
        on_cluster.add_worker()
    on_cluster.wait_for_workers()
    assert (job.status, job.error_code, job.attempts) == ("failed", "engine_unavailable", 1)
    _has_ducks_answer(settled(_job(client, sales), SECONDS), sales, compute_root)


def test_an_idle_child_gives_its_executors_to_another(
    client: APIClient, on_cluster: Cluster, settings: Any, start_runner: Callable[[], RunningRunner], small: None
) -> None:
    settings.COMPUTE_CONCURRENCY = 2
    started = start_runner()
    wait_until(lambda: len(on_cluster.state()["activeapps"]) == 2, seconds=SECONDS, what="two sessions")
    ids = [int(ask(client, "stats", SMALL).json()["id"]) for _ in range(4)]

    assert [settled(job_id, SECONDS).status for job_id in ids] == ["done"] * 4
    assert all(slot.worker.started for slot in started.runner.slots if started.runner)  # type: ignore[union-attr]


def test_a_file_larger_than_all_executors_memory_is_computed_on(
    client: APIClient, on_cluster: Cluster, settings: Any, start_runner: Callable[[], RunningRunner], compute_root: Path
) -> None:
    """Its long cells go through the shuffle too, as what is compared."""
    settings.COMPUTE_TIMEOUT_SECONDS = 3_000
    settings.SPARK_CONF = as_text(options())
    path = compute_root / "large.csv"
    rows, text = 0, "x" * 2_000
    with path.open("w") as file:
        file.write("shop,price,note\n")
        while file.tell() < LARGE_BYTES:
            file.writelines(f"{n % 97:03},{n / 4},{n % 1_000:04}{text}\n" for n in range(rows, rows + 10_000))
            rows += 10_000
    assert path.stat().st_size > WORKERS * EXECUTOR_MB * 1024**2
    start_runner()
    body = {"file_path": path.name, "by": ["shop"], "aggregations": {"price": ["sum"], "note": ["max"]}}

    job = settled(int(ask(client, "group_by", body).json()["id"]), 1_000)

    outcome, there = run(path, "group_by", by=body["by"], aggregations=body["aggregations"])
    assert (job.status, job.error, job.attempts) == ("done", "", 1)
    assert job.rows_in == outcome.rows_in == rows
    assert read_table(compute_root / job.result_path) == read_table(there)
