"""Wrong codes of a second factor: whom they hold up, and until when."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import connections
from django.test import Client

from config.access.logins import DEVICE_COOKIE
from config.access.throttling import FREE, Kind, lift_block
from config.models import FailedAttempts
from tests.fakes.openid_provider import OpenIdProvider
from tests.login_flood import most_checks
from tests.people import BROWSER
from tests.sso.codes import SECRET, code_of, enter, enter_password, wrong_code
from tests.sso.walking import through_openid, who
from tests.throttles import end_blocks, prolong_blocks

pytestmark = pytest.mark.django_db


def test_wrong_codes_are_told_as_wrong_logins_and_after_some_the_password_is_asked_for_again(
    client: Client, with_app: User
) -> None:
    told: list[str] = []

    def hear(credentials: dict[str, Any], request: Any, **_: Any) -> None:
        assert request is not None
        told.append(credentials["username"])

    user_login_failed.connect(hear)
    enter_password(client)
    for _ in range(4):
        assert enter(client, wrong_code()).status_code == 200
    assert enter(client, wrong_code())["Location"] == "/login"
    user_login_failed.disconnect(hear)
    assert told == ["ana"] * 5
    assert "Too many wrong codes. Please begin again with your password." in client.get("/login").content.decode()
    answer = enter(client, code_of(SECRET))
    assert (answer.status_code, who(client)) == (302, "")
    assert answer["Location"].startswith("/login")


def guess_codes(number: int = FREE[Kind.CODE]) -> None:
    """Enter the password in a new browser, and so many wrong codes."""
    thief = Client()
    assert enter_password(thief)["Location"] == "/login/code"
    for _ in range(number):
        assert enter(thief, wrong_code()).status_code in {200, 302}


def test_who_knows_the_password_guesses_codes_no_more_often_than_strangers_passwords(with_app: User) -> None:
    guess_codes()
    prolong_blocks()
    for _ in range(3):  # each with the right password, in another session
        thief = Client(headers=BROWSER)
        assert enter_password(thief)["Location"] == "/login/code"
        answer = enter(thief, code_of(SECRET))
        assert (answer.status_code, who(thief)) == (429, "")
        assert 290 <= int(answer["Retry-After"]) <= 300
        assert "Too many wrong codes. Try again in 5 minutes." in answer.content.decode()
    assert FailedAttempts.objects.get(kind=Kind.CODE).count == FREE[Kind.CODE]


def test_each_wrong_code_after_the_free_ones_waits_longer_whatever_passwords_come_between(with_app: User) -> None:
    guess_codes()
    for doubling in range(1, 4):
        end_blocks()
        guess_codes(1)
        row = FailedAttempts.objects.get(kind=Kind.CODE)
        assert row.blocked_until == row.last_at + timedelta(seconds=2**doubling)


def test_what_has_to_wait_uses_up_no_code(client: Client, with_app: User) -> None:
    guess_codes()
    prolong_blocks()
    [code, *_] = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    enter_password(client)
    assert enter(client, code).status_code == 429
    end_blocks()
    enter(client, code)
    assert who(client) == "ana"


def test_after_the_wait_the_right_code_opens_and_the_count_begins_anew(client: Client, with_app: User) -> None:
    guess_codes()
    end_blocks()
    enter_password(client)
    enter(client, code_of(SECRET))
    assert who(client) == "ana"
    guess_codes()


def test_the_wait_is_lifted_as_any_other(client: Client, with_app: User) -> None:
    guess_codes()
    prolong_blocks()
    lift_block("ana")
    enter_password(client)
    enter(client, code_of(SECRET))
    assert who(client) == "ana"


def test_a_code_left_out_is_no_guess(client: Client, with_app: User) -> None:
    enter_password(client)
    enter(client, "")
    assert not FailedAttempts.objects.filter(kind=Kind.CODE).exists()


def test_a_browser_is_known_only_after_the_whole_login(client: Client, with_app: User) -> None:
    enter_password(client)
    enter(client, wrong_code())
    assert DEVICE_COOKIE not in client.cookies
    enter(client, code_of(SECRET))
    assert DEVICE_COOKIE in client.cookies


@pytest.mark.django_db(transaction=True)
def test_however_many_codes_come_at_once_no_more_are_looked_at(with_app: User) -> None:
    thieves = [Client() for _ in range(12)]
    for thief in thieves:
        enter_password(thief)
    start = threading.Barrier(len(thieves))

    def guess(thief: Client) -> int:
        try:
            start.wait(30)
            return int(enter(thief, wrong_code()).status_code)
        finally:
            connections.close_all()

    began = time.monotonic()
    with ThreadPoolExecutor(len(thieves)) as threads:
        statuses = list(threads.map(guess, thieves, timeout=60))
    looked_at = statuses.count(200)
    assert 1 <= looked_at <= most_checks(FREE[Kind.CODE], time.monotonic() - began)
    assert statuses.count(429) == len(thieves) - looked_at


def test_who_comes_through_the_provider_has_no_password_for_which_a_browser_were_known(
    client: Client, openid: OpenIdProvider
) -> None:
    through_openid(client, "olga")
    assert who(client) == "olga"
    assert DEVICE_COOKIE not in client.cookies
