"""The rate of an API client: never exceeded by several processes together, and cheap."""

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.access import rates
from config.access.rates import take_request
from config.models import RequestQuota
from config.worker import tasks
from tests.config.processes import SETUP, start
from tests.sessions import the_only_writer


@pytest.fixture(autouse=True)
def _no_leases() -> Iterator[None]:
    rates._leases.clear()
    yield
    rates._leases.clear()


def end_the_minute() -> None:
    RequestQuota.objects.update(ends_at=time.time() - 1)
    rates._leases.clear()


@pytest.mark.django_db
@pytest.mark.parametrize("per_minute", [1, 7, 20, 59, 600])
def test_a_client_may_send_so_many_requests_a_minute_and_then_waits_for_the_next(per_minute: int) -> None:
    assert [take_request("tablet", per_minute) for _ in range(per_minute)] == [0] * per_minute
    seconds = [take_request("tablet", per_minute) for _ in range(3)]
    assert all(0 < wait <= 60 for wait in seconds)
    assert take_request("another", per_minute) == 0
    end_the_minute()
    assert [take_request("tablet", per_minute) > 0 for _ in range(per_minute + 1)] == [False] * per_minute + [True]


@pytest.mark.django_db
def test_who_may_send_none_waits() -> None:
    assert take_request("tablet", 0) > 0


@pytest.mark.django_db
def test_a_rate_that_is_raised_holds_at_once() -> None:
    assert [take_request("tablet", 2) > 0 for _ in range(3)] == [False, False, True]
    assert take_request("tablet", 1000) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="on PostgreSQL nobody waits for a writer")
def test_nobody_waits_for_an_import_that_has_the_database_to_itself() -> None:
    with the_only_writer():
        started = time.monotonic()
        answers = [take_request("tablet", 120) for _ in range(10)]
        assert time.monotonic() - started < 10  # the database's patience is 30 s
    assert [seconds > 0 for seconds in answers] == [False] * 2 + [True] * 8  # its pace: two a second
    assert max(answers) <= 1


@pytest.mark.django_db
def test_the_database_is_asked_once_for_a_twentieth_and_not_for_refusals() -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(1000):
            take_request("tablet", 600)
    assert len(queries) == 20


@pytest.mark.django_db
def test_more_clients_than_a_process_remembers_are_held_to_their_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_LEASES", 2)
    asked = [take_request(f"client-{number}", 3) for _ in range(5) for number in range(4)]
    assert sum(seconds == 0 for seconds in asked) == 12
    assert len(rates._leases) == 2


@pytest.mark.django_db
def test_a_worker_drops_the_counts_of_silent_clients_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "DROPPED_AT_ONCE", 2)
    for number in range(5):
        take_request(f"client-{number}", 10)
    RequestQuota.objects.update(ends_at=time.time() - 25 * 3600)
    take_request("tablet", 10)
    tasks.drop_old_counts()
    assert [row.key for row in RequestQuota.objects.all()] == ["tablet"]


TAKE_FROM_THREADS = (
    SETUP
    + """
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from config.access.rates import take_request

def take_all(_):
    taken = 0
    while take_request("tablet", 1000) == 0:
        taken += 1
    connections.close_all()
    return taken

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(4) as threads:
    print(sum(threads.map(take_all, range(4))), flush=True)
"""
)


@pytest.mark.django_db(transaction=True)
def test_several_processes_with_threads_together_let_through_just_the_limit() -> None:
    processes = [start("-c", TAKE_FROM_THREADS) for _ in range(3)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    answers = [process.communicate("\n", timeout=60)[0] for process in processes]
    assert sum(int(answer) for answer in answers) == 1000
