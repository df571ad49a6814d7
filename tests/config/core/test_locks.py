"""Locks that all processes on the database share, and that die with their holder."""

import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from config.core.locks import exclusive
from tests.config.processes import start
from tests.fakes.faulty import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

HOLD = """import sys
from config.core.locks import exclusive
with exclusive(sys.argv[1]) as taken:
    print(taken, flush=True)
    sys.stdin.readline()
print("released", flush=True)
sys.stdin.readline()
"""
Holder = subprocess.Popen[str]


@pytest.fixture
def holder() -> Iterator[Callable[[str], tuple[Holder, bool]]]:
    """Start a process that takes a lock and holds it until it is sent a line; tell whether it was taken."""
    started: list[Holder] = []

    def start_holder(name: str) -> tuple[Holder, bool]:
        process = start("-c", HOLD, name)
        started.append(process)
        assert process.stdout
        return process, process.stdout.readline() == "True\n"

    yield start_holder
    for process in started:
        process.kill()
        process.communicate()


def is_free(name: str) -> bool:
    with exclusive(name) as taken:
        return taken


def test_one_process_holds_it_and_another_does_not_get_it(holder: Callable[[str], tuple[Holder, bool]]) -> None:
    assert holder("job")[1]
    assert not is_free("job")


def test_a_process_does_not_get_what_we_hold(holder: Callable[[str], tuple[Holder, bool]]) -> None:
    with exclusive("job") as taken:
        assert taken
        assert not holder("job")[1]


def test_other_names_are_free(holder: Callable[[str], tuple[Holder, bool]]) -> None:
    holder("job")
    assert is_free("another job")


def test_it_is_free_again_after_its_block(holder: Callable[[str], tuple[Holder, bool]]) -> None:
    process, _ = holder("job")
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "released\n"
    assert is_free("job")


def test_it_is_free_again_after_a_block_that_failed() -> None:
    with pytest.raises(ZeroDivisionError), exclusive("job"):
        raise ZeroDivisionError
    assert is_free("job")


def test_it_is_free_again_once_its_holder_is_killed(holder: Callable[[str], tuple[Holder, bool]]) -> None:
    process, _ = holder("job")
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: is_free("job"), what="the lock's release")


def test_it_needs_no_transaction_and_opens_none() -> None:
    with exclusive("job"):
        assert not connection.in_atomic_block
