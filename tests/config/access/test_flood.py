"""A thousand wrong logins from fifty addresses, against the real web server with two processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.access.throttling import FREE, LONGEST_SECONDS, Kind
from tests.login_flood import (
    MAKE_ANA,
    NAME,
    PASSWORD,
    WEB_OPTIONS,
    Browser,
    Outcome,
    attack,
    browsers,
    most_checks,
    percentile,
)
from tests.processes import System, running_system


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running_system(tmp_path, TRUSTED_PROXIES="127.0.0.1") as system:
        system.manage("shell", "-c", MAKE_ANA)
        system.start_web(*WEB_OPTIONS)
        yield system


def check_health(outcome: Outcome) -> None:
    # The issue says 0.1 s, which benchmarks/logins.py measures; where others load the machine it takes longer.
    assert percentile(outcome.health, 90) < 3.0, outcome.health


def test_a_thousand_wrong_logins_neither_guess_more_than_the_limit_nor_lock_the_owner_out(system: System) -> None:
    owner = Browser(system, "203.0.113.1")
    assert owner.log_in(PASSWORD).status_code == 302
    owner.reload()

    outcome = attack(system, browsers(system), [NAME] * 1000)
    own, stranger = owner.log_in(PASSWORD), Browser(system, "203.0.113.2").log_in(PASSWORD)
    system.manage("lift_block", NAME)

    assert set(outcome.statuses) == {200, 429}  # 200 is the form again: the password was looked at
    assert sum(outcome.statuses.values()) == 1000
    assert 1 <= outcome.statuses[200] <= most_checks(FREE[Kind.ACCOUNT], outcome.seconds)
    assert outcome.longest_wait <= LONGEST_SECONDS
    assert own.status_code == 302
    assert stranger.status_code == 302 or int(stranger.headers["Retry-After"]) <= LONGEST_SECONDS
    assert Browser(system, "203.0.113.2").log_in(PASSWORD).status_code == 302
    check_health(outcome)


def test_wrong_logins_for_many_accounts_leave_room_for_other_requests(system: System) -> None:
    outcome = attack(system, browsers(system), [f"user {number}" for number in range(200)])

    assert set(outcome.statuses) <= {200, 429}
    assert sum(outcome.statuses.values()) == 200
    assert Browser(system, "203.0.113.1").log_in(PASSWORD).status_code == 302
    check_health(outcome)
