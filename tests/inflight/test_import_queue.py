"""One import at a time: what becomes of a second one, of one that died, and of those that a worker runs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from config.api.imports.exceptions import ImportInProgress
from inflight.models import Customer, ImportRun
from inflight.services.imports import run_queued_imports
from tests.fakes.faulty import wait_until
from tests.inflight.conftest import CUSTOMERS, PURCHASES, Import, counts
from tests.sessions import held_elsewhere, in_a_thread, lock_held_elsewhere

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_second_import_is_told_where_the_first_one_runs(do_import: Import) -> None:
    running = ImportRun.objects.create(status=ImportRun.Status.RUNNING)
    with lock_held_elsewhere("import"), pytest.raises(ImportInProgress) as refused:
        do_import()
    assert refused.value.headers["Location"] == f"/api/imports/{running.pk}"
    assert not Customer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_looks_for_queued_imports_is_not_taken_for_an_import(do_import: Import) -> None:
    with lock_held_elsewhere("import", seconds=0.2):
        assert do_import().status == "completed"


def test_the_next_import_marks_one_that_died(do_import: Import) -> None:
    dead = ImportRun.objects.create(status=ImportRun.Status.RUNNING, started_at=timezone.now())
    do_import()
    dead.refresh_from_db()
    assert dead.status == "interrupted"
    assert "Import the files again" in dead.error


def test_a_queued_import_is_run_by_a_worker(write: Any) -> None:
    for _ in range(2):
        ImportRun.objects.create(
            status=ImportRun.Status.QUEUED,
            customers_file_path=write("c.csv", CUSTOMERS),
            purchased_file_path=write("p.csv", PURCHASES),
        )
    run_queued_imports()
    assert OrmQ.objects.count() == 1, "the next one is another task's"
    run_queued_imports()
    first, second = ImportRun.objects.order_by("id")
    assert (first.status, first.customers) == ("completed", counts(2, inserted=2))
    assert (second.status, second.customers) == ("completed", counts(2, unchanged=2))


def test_a_queued_import_whose_file_is_gone_fails_and_lets_the_next_run(write: Any) -> None:
    paths = {"purchased_file_path": write("p.csv", PURCHASES), "status": ImportRun.Status.QUEUED}
    ImportRun.objects.create(customers_file_path=str(settings.IMPORT_ROOTS[0] / "gone.csv"), **paths)
    ImportRun.objects.create(customers_file_path=write("c.csv", CUSTOMERS), **paths)
    run_queued_imports()
    run_queued_imports()
    assert list(ImportRun.objects.order_by("id").values_list("status", flat=True)) == ["failed", "completed"]


@contextmanager
def customers_locked() -> Iterator[bool]:
    """Let nobody read customers."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE inflight_customer IN ACCESS EXCLUSIVE MODE")
        yield True


def end_who_waits_for_a_lock() -> bool:
    """End the sessions that wait for a lock on a table, as a server does that fails over; return whether there was one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_a_queued_import_that_loses_its_database_is_queued_again(write: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's is on this machine")
    run = ImportRun.objects.create(
        status=ImportRun.Status.QUEUED,
        customers_file_path=write("c.csv", CUSTOMERS),
        purchased_file_path=write("p.csv", PURCHASES),
    )

    def work() -> None:
        with suppress(OperationalError):  # its task fails, as the log is to say
            run_queued_imports()

    with held_elsewhere(customers_locked()):
        worker = in_a_thread(work)
        wait_until(end_who_waits_for_a_lock, what="the import waiting")
        worker.join(30)
    run.refresh_from_db()
    assert (run.status, run.started_at, OrmQ.objects.count()) == ("queued", None, 1)
    run_queued_imports()
    run.refresh_from_db()
    assert (run.status, run.customers) == ("completed", counts(2, inserted=2))
