"""Children that are killed, cancelled, too slow or too large: their jobs go on or end with the reason, and nothing is left."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from compute.models import Job
from tests.compute.asking import ask, left_behind, settled
from tests.compute.conftest import RunningRunner
from tests.fakes.faulty import wait_until

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="children end alike on every database")
SLOW = {"file_path": "slow.csv", "by": ["a"], "aggregations": {"b": ["std", "n_unique"]}}


@pytest.fixture(scope="session")
def many_groups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes a second or more: many groups, sorted."""
    path = tmp_path_factory.mktemp("compute") / "many_groups.csv"
    lines = "".join(f"{number * 7919 % 1_000_003},{number}\n" for number in range(1_000_000))
    path.write_text("a,b\n" + lines * 3)
    return path


@pytest.fixture
def slow_file(compute_root: Path, many_groups: Path) -> Path:
    """The file with many groups, where jobs find it."""
    path = compute_root / "slow.csv"
    path.hardlink_to(many_groups)
    return path


def test_cancelling_kills_the_work_within_two_seconds(
    client: APIClient, runner: RunningRunner, slow_file: Path, compute_root: Path
) -> None:
    job_id = ask(client, "group_by", SLOW).json()["id"]
    pid = runner.busy_child()

    answer = client.delete(f"/api/compute/jobs/{job_id}")

    assert answer.json()["status"] == "cancelled"
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), seconds=2)
    wait_until(lambda: not left_behind(compute_root), seconds=5)
    assert Job.objects.get(pk=job_id).status == Job.Status.CANCELLED


def test_a_killed_child_costs_one_attempt(client: APIClient, runner: RunningRunner, slow_file: Path) -> None:
    job_id = ask(client, "group_by", SLOW).json()["id"]

    os.kill(runner.busy_child(), signal.SIGKILL)

    job = settled(job_id, 60)
    assert (job.status, job.attempts, job.rows_in) == ("done", 2, 3_000_000)


def test_a_job_that_kills_its_child_twice_fails_with_the_reason(
    client: APIClient, runner: RunningRunner, slow_file: Path, compute_root: Path
) -> None:
    job_id = ask(client, "group_by", SLOW).json()["id"]
    for attempt in (1, 2):
        os.kill(runner.busy_child(attempt), signal.SIGKILL)

    job = settled(job_id)
    assert (job.status, job.error_status) == ("failed", 500)
    assert "ended in the middle (exit status -9)" in job.error
    assert "attempt 2" in job.error
    assert left_behind(compute_root) == []


def test_a_job_over_its_time_is_killed_and_fails(
    client: APIClient, settings: Any, runner: RunningRunner, slow_file: Path, compute_root: Path
) -> None:
    settings.COMPUTE_TIMEOUT_SECONDS = 0.3

    answer = ask(client, "group_by", SLOW, wait=True)

    assert answer.status_code == 422
    assert "longer than 0.3 s" in answer.json()["detail"]
    assert left_behind(compute_root) == []


def test_a_result_larger_than_allowed_fails_and_leaves_nothing(
    client: APIClient, settings: Any, start_runner: Callable[[], RunningRunner], slow_file: Path, compute_root: Path
) -> None:
    settings.COMPUTE_MAX_RESULT = 1_000_000
    start_runner()

    answer = ask(client, "non_null", {"file_path": "slow.csv", "columns": ["a"]}, wait=True)

    assert answer.status_code == 422
    assert "larger than a job may write" in answer.json()["detail"]
    assert left_behind(compute_root) == []


def test_a_stopping_runner_gives_its_job_to_the_next(
    client: APIClient, start_runner: Callable[[], RunningRunner], slow_file: Path
) -> None:
    first = start_runner()
    job_id = ask(client, "group_by", SLOW).json()["id"]
    first.busy_child()

    first.stop()

    waiting = Job.objects.get(pk=job_id)
    assert (waiting.status, waiting.attempts) == ("queued", 0)
    start_runner()
    assert settled(job_id, 60).status == "done"
