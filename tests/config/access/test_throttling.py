"""Failed attempts: who has to wait, how long, and that no guess slips through, however many come at once."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from config.access import throttling
from config.access.throttling import FREE, Kind, Subject, TooManyRequests, network_of, reserve
from config.models import FailedAttempts
from config.worker import tasks
from tests.config.processes import SETUP, start
from tests.throttles import end_blocks, prolong_blocks

ANA = Subject(Kind.ACCOUNT, "ana")
OFFICE = Subject(Kind.LOGIN_ADDRESS, "10.0.0.1")
GROWING = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def guess(*subjects: Subject) -> int:
    """Make a wrong attempt; return the seconds that the next one has to wait."""
    reserve(*subjects).fail()
    return max(map(round, waits(*subjects)), default=0)


def waits(*subjects: Subject) -> list[float]:
    rows = FailedAttempts.objects.filter(key__in=[subject.key for subject in subjects])
    return [(row.blocked_until - row.last_at).total_seconds() for row in rows if row.blocked_until]


def be_silent(*, hours: int) -> None:
    """Let hours pass in which nobody is wrong."""
    then = timezone.now() - timedelta(hours=hours)
    FailedAttempts.objects.update(failed_at=then, last_at=then)
    FailedAttempts.objects.filter(blocked_until__isnull=False).update(blocked_until=then)


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_each_wrong_attempt_makes_the_next_wait_longer_up_to_a_quarter_of_an_hour(self) -> None:
        delays = []
        for _ in GROWING:
            delays.append(guess(ANA))
            end_blocks()
        assert delays == GROWING

    def test_who_has_to_wait_is_told_how_long_and_is_not_counted(self) -> None:
        for _ in range(FREE[Kind.ACCOUNT]):
            guess(ANA)
        prolong_blocks()
        with pytest.raises(TooManyRequests, match=r"Too many wrong passwords. Try again in 5 minutes.") as refused:
            reserve(OFFICE, ANA)
        assert 295 <= refused.value.retry_after <= 300
        assert list(FailedAttempts.objects.values_list("count", flat=True)) == [FREE[Kind.ACCOUNT]]

    def test_a_success_forgets_the_account_and_gives_the_address_one_attempt_back(self) -> None:
        for _ in range(3):
            guess(OFFICE, ANA)
        reserve(OFFICE, ANA).succeed()
        counts = dict(FailedAttempts.objects.values_list("kind", "count"))
        assert counts == {"login address": 3, "account": 0}

    def test_an_attempt_that_is_given_back_makes_nobody_wait(self) -> None:
        for _ in range(FREE[Kind.ACCOUNT] - 1):
            guess(ANA)
        for _ in range(3):
            reserve(ANA).give_back()
        assert guess(ANA) == 1

    def test_an_attempt_that_is_given_back_leaves_the_wait_of_another_one(self) -> None:
        for _ in range(FREE[Kind.ACCOUNT] - 2):
            guess(ANA)
        under_way = reserve(ANA)
        guess(ANA)
        under_way.give_back()
        assert waits(ANA) == [1.0]
        prolong_blocks()
        with pytest.raises(TooManyRequests):
            reserve(ANA)

    def test_a_day_of_silence_is_forgotten_and_less_is_not(self) -> None:
        for _ in range(7):
            guess(ANA)
            end_blocks()
        be_silent(hours=23)
        assert guess(ANA) == 8
        be_silent(hours=25)
        assert guess(ANA) == 0

    def test_what_an_address_has_mistyped_does_not_add_up_over_the_days_however_many_log_in_between(self) -> None:
        for _ in range(2 * FREE[Kind.LOGIN_ADDRESS]):
            assert guess(OFFICE) == 0
            be_silent(hours=2)
            reserve(OFFICE).succeed()

    def test_while_an_attempt_is_looked_at_which_may_be_right_others_are_told_to_wait_for_a_second(self) -> None:
        for _ in range(FREE[Kind.ACCOUNT] + 5):
            guess(ANA)
            end_blocks()
        under_way = reserve(ANA)
        with pytest.raises(TooManyRequests) as refused:
            reserve(ANA)
        assert refused.value.retry_after == 1
        under_way.fail()
        with pytest.raises(TooManyRequests) as refused:
            reserve(ANA)
        assert refused.value.retry_after > 30

    def test_a_refusal_costs_one_statement_that_reads(self) -> None:
        for _ in range(FREE[Kind.ACCOUNT]):
            guess(ANA)
        prolong_blocks()
        with CaptureQueriesContext(connection) as queries, pytest.raises(TooManyRequests):
            reserve(OFFICE, ANA)
        assert [query["sql"].split()[0] for query in queries] == ["SELECT"]

    def test_the_log_says_once_for_each_block_who_has_to_wait(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING, "config.access"):
            for _ in range(FREE[Kind.ACCOUNT]):
                guess(ANA)
            prolong_blocks()
            for _ in range(10):
                with pytest.raises(TooManyRequests):
                    reserve(ANA)
        [record] = caplog.records
        facts = {"kind": "account", "subject": "ana", "attempts": 5, "seconds": 1}
        assert vars(record)["throttle"] == facts
        assert "'ana', 5 in a row, waits 1 s" in record.getMessage()

    def test_the_table_has_no_names(self) -> None:
        guess(OFFICE, ANA)
        texts = str(list(FailedAttempts.objects.values()))
        assert "ana" not in texts
        assert "10.0.0.1" not in texts

    @pytest.mark.parametrize(
        ("name", "subject"),
        [("ANA", ANA), ("10.0.0.1", OFFICE), ("Ana", Subject(Kind.DEVICE, "a browser", "ana"))],
        ids=["account", "address", "browser"],
    )
    def test_a_block_is_lifted_by_the_name_of_the_account_or_the_address(self, name: str, subject: Subject) -> None:
        for _ in range(FREE[subject.kind]):
            guess(subject)
        call_command("lift_block", name)
        assert guess(subject) == 0
        with pytest.raises(CommandError, match="Nothing is counted"):
            call_command("lift_block", "somebody else")

    def test_the_metrics_count_who_has_to_wait(self) -> None:
        for _ in range(FREE[Kind.ACCOUNT]):
            guess(OFFICE, ANA)
        prolong_blocks()
        found = APIClient().get("/api/metrics").content.decode()
        assert 'apron_blocked{kind="account"} 1.0' in found
        assert 'apron_blocked{kind="login address"} 0.0' in found

    def test_a_worker_drops_what_is_forgotten_step_by_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling, "DROPPED_AT_ONCE", 2)
        for number in range(5):
            guess(Subject(Kind.ACCOUNT, str(number)))
        be_silent(hours=25)
        guess(ANA)
        tasks.drop_old_counts()
        assert [row.key for row in FailedAttempts.objects.all()] == [ANA.key]


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_of_ipv6_counts_as_its_network(address: str, counted_as: str) -> None:
    assert network_of(address) == counted_as


GUESS_FROM_THREADS = (
    SETUP
    + """
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from config.access.throttling import Kind, Subject, TooManyRequests, reserve

def guess(_):
    try:
        reserve(Subject(Kind.LOGIN_ADDRESS, "10.0.0.1"), Subject(Kind.ACCOUNT, "ana"))
        return 1
    except TooManyRequests:
        return 0
    finally:
        connections.close_all()

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(8) as threads:
    print(sum(threads.map(guess, range(16))), flush=True)
"""
)


@pytest.mark.django_db(transaction=True)
def test_of_guesses_that_come_at_once_to_several_processes_no_more_than_the_free_ones_are_let_through() -> None:
    processes = [start("-c", GUESS_FROM_THREADS) for _ in range(3)]
    started = time.monotonic()
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    answers = [process.communicate("\n", timeout=60)[0] for process in processes]
    seconds = time.monotonic() - started

    let_through = sum(int(answer) for answer in answers)
    # those that are free, and one when the first second of wait is over, one after two more, and so on
    most = FREE[Kind.ACCOUNT] + sum(1 for doubling in range(10) if 2 ** (doubling + 1) - 1 <= seconds)
    assert FREE[Kind.ACCOUNT] <= let_through <= most
    assert dict(FailedAttempts.objects.values_list("kind", "count")) == {
        "account": let_through, "login address": let_through,
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_right_attempts_that_come_at_once_leave_nothing_counted() -> None:
    def succeed(_: int) -> None:
        try:
            reserve(OFFICE).succeed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(succeed, range(16)))
    row = FailedAttempts.objects.get()
    assert (row.count, row.blocked_until) == (0, None)
