"""Wrong passwords: on the pages' login and the admin's; who they hold up, and who gets in all the same."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from config.access.logins import DEVICE_COOKIE, MOST_AT_ONCE
from config.access.throttling import FREE, Kind
from tests.fakes.faulty import wait_until
from tests.people import BROWSER
from tests.throttles import end_blocks, prolong_blocks

pytestmark = pytest.mark.django_db

PASSWORD = "a-good-password"
FREE_PASSWORDS = FREE[Kind.ACCOUNT]


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed, which is what guesses cost."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)


class SlowHasher(MD5PasswordHasher):
    """Takes until it is released."""

    at_work = 0
    released = threading.Event()

    def encode(self, password: str, salt: str) -> str:
        type(self).at_work += 1
        self.released.wait(30)
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def _ana() -> None:
    User.objects.create_superuser("ana", password=PASSWORD)


def browser(address: str = "192.0.2.1") -> Client:
    return Client(headers=BROWSER, REMOTE_ADDR=address)


def log_in(client: Client, password: str = "wrong", *, name: str = "ana") -> int:
    return int(client.post("/login", {"username": name, "password": password}).status_code)


def used_browser() -> Client:
    """Return a browser in which ana was logged in before, and is no more."""
    client = browser()
    assert log_in(client, PASSWORD) == 302
    client.post("/logout")
    return client


def attack(number: int = FREE_PASSWORDS, name: str = "ana") -> None:
    """Guess wrong so often, each time from elsewhere."""
    for place in range(number):
        assert log_in(browser(f"198.51.100.{place}"), name=name) == 200
    prolong_blocks()


def test_after_a_few_wrong_passwords_the_page_says_how_long_to_wait() -> None:
    client = browser()
    assert [log_in(client) for _ in range(FREE_PASSWORDS)] == [200] * FREE_PASSWORDS
    prolong_blocks()
    answer = client.post("/login", {"username": "ana", "password": PASSWORD})
    assert answer.status_code == 429
    assert 290 <= int(answer["Retry-After"]) <= 300
    assert answer["Content-Type"].startswith("text/html")
    assert "Too many wrong passwords. Try again in 5 minutes." in answer.content.decode()


def test_what_has_to_wait_is_not_hashed(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    attack()
    CountingHasher.hashed = 0
    assert {log_in(browser(f"198.51.100.{place}"), PASSWORD) for place in range(20)} == {429}
    assert CountingHasher.hashed == 0


def test_an_account_that_does_not_exist_looks_like_any_other() -> None:
    attack(name="nobody")
    assert log_in(browser(), name="nobody") == 429


def test_an_account_in_another_case_is_the_same_one() -> None:
    attack(name="ANA")
    assert log_in(browser(), PASSWORD) == 429


def test_after_the_wait_the_owner_gets_in_and_the_count_begins_anew() -> None:
    attack()
    end_blocks()
    assert log_in(browser(), PASSWORD) == 302
    attack()


def test_the_owner_gets_in_from_a_browser_used_before_while_strangers_go_on() -> None:
    owner = used_browser()
    attack()
    for place in range(20):
        assert log_in(browser(f"203.0.113.{place}"), PASSWORD) == 429
    assert log_in(owner, PASSWORD) == 302
    assert log_in(browser(), PASSWORD) == 429  # which does not help the strangers


def test_the_owner_gets_in_even_if_strangers_share_the_address() -> None:
    owner = used_browser()
    for number in range(FREE[Kind.LOGIN_ADDRESS]):
        log_in(browser(), name=f"somebody {number}")
    prolong_blocks()
    assert log_in(browser(), name="somebody else") == 429
    assert log_in(owner, PASSWORD) == 302


def test_a_browser_used_before_may_guess_no_more_often_than_another() -> None:
    owner = used_browser()
    assert [log_in(owner) for _ in range(FREE_PASSWORDS)] == [200] * FREE_PASSWORDS
    prolong_blocks()
    assert log_in(owner, PASSWORD) == 429
    assert log_in(browser(), PASSWORD) == 302  # the account has its own count


def test_the_cookie_of_a_browser_is_kept_from_scripts_and_for_half_a_year() -> None:
    cookie = used_browser().cookies[DEVICE_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 180 * 24 * 3600)
    assert "ana" not in cookie.value


def test_the_cookie_travels_by_https_only_where_the_sessions_does(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    assert used_browser().cookies[DEVICE_COOKIE]["secure"] is True


def cookie_of_another_account(owner: Client) -> str:
    User.objects.create_user("eve", password=PASSWORD)
    eve = browser()
    log_in(eve, PASSWORD, name="eve")
    return str(eve.cookies[DEVICE_COOKIE].value)


@pytest.mark.parametrize(
    "cookie",
    [
        cookie_of_another_account,
        lambda owner: owner.cookies[DEVICE_COOKIE].value[:-1] + "!",
        lambda _: "",
        lambda _: "a:b:c",
        lambda _: "é\0" * 2000,
    ],
    ids=["of another account", "tampered with", "empty", "nonsense", "long nonsense"],
)
def test_no_other_cookie_helps(cookie: Any) -> None:
    owner = used_browser()
    stranger = browser()
    stranger.cookies[DEVICE_COOKIE] = cookie(owner)
    attack()
    assert log_in(stranger, PASSWORD) == 429


def test_a_wrong_password_gives_no_cookie() -> None:
    client = browser()
    log_in(client)
    assert DEVICE_COOKIE not in client.cookies


def test_one_address_is_held_up_whatever_accounts_it_tries() -> None:
    client, free = browser(), FREE[Kind.LOGIN_ADDRESS]
    assert {log_in(client, name=f"user {number}") for number in range(free)} == {200}
    prolong_blocks()
    assert log_in(client, PASSWORD) == 429
    assert log_in(browser("192.0.2.2"), PASSWORD) == 302


def test_behind_a_proxy_the_address_is_the_callers(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    client = Client(headers=BROWSER, REMOTE_ADDR="10.0.0.1")

    def try_from(address: str, name: str) -> int:
        data = {"username": name, "password": "wrong"}
        return int(client.post("/login", data, headers={"X-Forwarded-For": f"made-up, {address}"}).status_code)

    for number in range(FREE[Kind.LOGIN_ADDRESS]):
        try_from("192.0.2.1", f"user {number}")
    prolong_blocks()
    assert try_from("192.0.2.1", "somebody") == 429
    assert try_from("192.0.2.2", "somebody") == 200


@pytest.mark.parametrize("check", [authenticate, async_to_sync(aauthenticate)], ids=["sync", "async"])
def test_code_that_checks_a_password_without_a_request_is_held_to_the_account(check: Callable[..., Any]) -> None:
    for _ in range(FREE_PASSWORDS):
        assert check(username="ana", password="wrong") is None
    prolong_blocks()
    assert log_in(browser(), PASSWORD) == 429


def test_no_password_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(FREE_PASSWORDS):
        log_in(browser(), "correct horse")
    assert "'ana', 5 in a row" in caplog.text
    assert "correct horse" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_process_checks_one_strangers_password_at_a_time_and_a_few_wait(settings: Any) -> None:
    owner = used_browser()
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher"]
    SlowHasher.at_work = 0
    SlowHasher.released.clear()

    def log_in_elsewhere(number: int) -> int:
        try:
            return log_in(browser(f"198.51.100.{number}"), name=f"user {number}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2 * MOST_AT_ONCE) as threads:
        try:
            strangers = [threads.submit(log_in_elsewhere, number) for number in range(2 * MOST_AT_ONCE)]
            wait_until(lambda: SlowHasher.at_work)
            wait_until(lambda: sum(stranger.done() for stranger in strangers) == MOST_AT_ONCE)
            at_work = SlowHasher.at_work
            turned_away = [stranger.result() for stranger in strangers if stranger.done()]
            settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
            assert log_in(owner, PASSWORD) == 302  # a browser used before does not queue with strangers
        finally:
            SlowHasher.released.set()
        statuses = sorted(stranger.result(60) for stranger in strangers)

    assert at_work == 1
    assert turned_away == [429] * MOST_AT_ONCE
    assert statuses == [200] * MOST_AT_ONCE + [429] * MOST_AT_ONCE
