"""Jobs when things break: nothing accepted is lost, nothing half-written is seen, nothing jams the service."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from compute.files.storage import storage
from compute.jobs import leases, services
from compute.jobs.notifications import QUEUED, Listener
from compute.models import Job
from tests.compute.asking import ask, left_behind, settled
from tests.compute.conftest import RunningRunner
from tests.compute.tables import write_table

PATIENCE_SECONDS = 60  # far more than it takes
STATS = {"file_path": "table.csv", "columns": ["price"]}


@pytest.fixture
def table(compute_root: Path) -> Path:
    return write_table(compute_root, "csv", [{"shop": "007", "price": 1.5}, {"shop": "12", "price": 2.5}])


@pytest.mark.django_db
def test_without_waiting_the_answer_is_the_job(client: APIClient, table: Path) -> None:
    answer = ask(client, "stats", STATS)

    assert answer.status_code == 202
    assert answer["Location"] == f"/api/compute/jobs/{answer.json()['id']}"
    told = client.get(answer["Location"]).json()
    assert (told["status"], told["result"], told["sub"]) == ("queued", None, "api-token")


def test_a_wait_that_is_too_long_ends_with_the_job(
    client: APIClient, transactional_db: None, settings: Any, table: Path
) -> None:
    settings.COMPUTE_WAIT_SECONDS = 0.2

    assert ask(client, "stats", STATS, wait=True).status_code == 202


def test_who_finds_all_places_for_waiting_taken_does_not_wait(
    client: APIClient, transactional_db: None, settings: Any, table: Path
) -> None:
    settings.COMPUTE_WAITERS = 1
    started = time.monotonic()
    with_place_taken = services._waiting_slots(1)
    with with_place_taken:
        answer = ask(client, "stats", STATS, wait=True)

    assert answer.status_code == 202
    assert time.monotonic() - started < 10


@pytest.mark.django_db
def test_a_full_queue_is_told_with_when_to_come_again(client: APIClient, settings: Any, table: Path) -> None:
    settings.COMPUTE_QUEUE_LIMIT = 2
    answers = [ask(client, "stats", STATS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert Job.objects.count() == 2


def test_a_job_knows_what_became_of_it(
    client: APIClient, runner: RunningRunner, table: Path, compute_root: Path
) -> None:
    job = settled(ask(client, "non_null", STATS).json()["id"])

    assert (job.status, job.rows_in, job.rows_out, job.attempts, job.progress) == ("done", 2, 2, 1, 1.0)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at
    assert left_behind(compute_root) == [str(compute_root / job.result_path)]


@pytest.mark.django_db
def test_a_queued_job_is_cancelled_and_never_started(client: APIClient, table: Path) -> None:
    job_id = ask(client, "stats", STATS).json()["id"]

    assert client.delete(f"/api/compute/jobs/{job_id}").json()["status"] == "cancelled"
    assert leases.claim_job("a runner") is None
    assert client.delete(f"/api/compute/jobs/{job_id}").status_code == 200


def test_a_settled_job_cannot_be_cancelled(client: APIClient, runner: RunningRunner, table: Path) -> None:
    job = settled(ask(client, "stats", STATS).json()["id"])

    assert client.delete(f"/api/compute/jobs/{job.pk}").status_code == 409
    assert storage().is_file(job.result_path)


def _left_by_a_dead_runner(table: Path, attempts: int) -> Job:
    request = services.Request("stats", {"columns": ["price"], "by": []}, table.name, "ana")
    job = services.submit_job(request, fresh=True)
    ago = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(
        status=Job.Status.RUNNING, runner="gone:1", lease_until=ago, attempts=attempts, started_at=ago
    )
    storage().scratch(f"{job.pk}-{attempts}").mkdir(parents=True)
    return job


def test_the_job_of_a_dead_runner_is_run_by_another(
    start_runner: Callable[[], RunningRunner], table: Path, compute_root: Path
) -> None:
    left = _left_by_a_dead_runner(table, attempts=1)
    start_runner()
    job = settled(left.pk)

    assert (job.status, job.attempts) == ("done", 2)
    assert left_behind(compute_root) == [str(compute_root / job.result_path)]


@pytest.mark.django_db
def test_the_job_of_two_dead_runners_fails_with_the_reason(table: Path, compute_root: Path) -> None:
    job = _left_by_a_dead_runner(table, attempts=2)

    leases.recover_jobs()

    job.refresh_from_db()
    assert job.status == "failed"
    assert "gone:1, was killed or cut off" in job.error
    assert left_behind(compute_root) == []


@pytest.mark.django_db
def test_a_runner_that_lost_its_job_cannot_settle_it(table: Path, compute_root: Path) -> None:
    services.submit_job(services.Request("stats", {"columns": ["price"], "by": []}, table.name, "ana"), fresh=True)
    lost = leases.claim_job("slow:1")
    assert lost is not None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    leases.recover_jobs()
    assert leases.claim_job("quick:2") is not None
    result = Path(storage().results) / "late.csv"
    result.write_text("a\n")

    outcome = {
        "result_name": "late.csv",
        "result_version": "1",
        "rows_in": 1,
        "rows_out": 1,
        "columns": {},
        "read_as": {},
        "reading": {"format": "csv"},
    }
    settled = leases.finish_job(lost, outcome)

    assert not settled
    assert not result.exists()
    assert Job.objects.get().runner == "quick:2"


@pytest.mark.django_db
def test_two_runners_never_get_the_same_job(table: Path) -> None:
    for _ in range(3):
        services.submit_job(services.Request("stats", {"columns": ["price"], "by": []}, table.name, "ana"), fresh=True)

    claimed = [leases.claim_job(f"runner:{number}") for number in range(4)]

    assert len({job.pk for job in claimed if job}) == 3
    assert claimed[3] is None


def test_a_file_that_is_gone_when_its_turn_comes_fails_the_job(
    client: APIClient, start_runner: Callable[[], RunningRunner], table: Path
) -> None:
    job_id = ask(client, "stats", STATS).json()["id"]
    table.unlink()
    start_runner()

    assert settled(job_id).error_code == "no_such_file"


def test_a_file_that_changed_since_fails_the_job(
    client: APIClient, start_runner: Callable[[], RunningRunner], table: Path
) -> None:
    job_id = ask(client, "stats", STATS).json()["id"]
    table.write_text("shop,price\n1,2\n3,4\n")
    start_runner()

    assert settled(job_id).error_code == "file_changed"


def test_a_job_that_was_queued_by_an_older_release_is_run(
    client: APIClient, start_runner: Callable[[], RunningRunner], table: Path
) -> None:
    job_id = ask(client, "stats", STATS).json()["id"]
    Job.objects.update(input_version="")
    start_runner()

    assert settled(job_id).status == "done"


def test_a_job_wakes_a_runner_that_would_sleep_on(client: APIClient, transactional_db: None, table: Path) -> None:
    def queue_one() -> None:
        ask(client, "stats", STATS)
        connection.close()

    with Listener(QUEUED) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(queue_one)
        started = time.monotonic()
        listener.wait(PATIENCE_SECONDS)
        assert time.monotonic() - started < PATIENCE_SECONDS
    assert Job.objects.get().status == Job.Status.QUEUED
