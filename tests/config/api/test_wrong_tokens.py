"""Wrong tokens hold up the address they come from, and nobody whose token is known to be right."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from config.access import throttling
from config.access.throttling import FREE, Kind
from config.api import jwks
from config.models import FailedAttempts
from tests.fakes.faulty import Fault
from tests.fakes.key_server import KeyServer, new_key
from tests.throttles import prolong_blocks

SECRET = "a-shared-key-of-more-than-32-bytes-in-all"
AIRCRAFT = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture(autouse=True)
def _jwts(settings: Any) -> None:
    settings.JWT_KEY, settings.JWT_ALGORITHM, settings.JWKS_URL = SECRET, "HS256", ""


def right_token(**claims: Any) -> str:
    """Return a token that no process has seen yet."""
    return jwt.encode({"sub": str(uuid4()), "scope": "inflight:read", **claims}, SECRET, algorithm="HS256")


def ask(token: str, **facts: str) -> Any:
    return APIClient().get("/api/imports", headers={"Authorization": f"Bearer {token}"}, **{**AIRCRAFT, **facts})  # type: ignore[arg-type]


def send_wrong_tokens(number: int) -> list[int]:
    statuses = [ask(f"wrong-{n}").status_code for n in range(number)]
    prolong_blocks()
    return statuses


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_who_goes_on_with_wrong_tokens_is_told_to_wait(self) -> None:
        free = FREE[Kind.TOKEN_ADDRESS]
        assert send_wrong_tokens(free) == [401] * free
        answer = ask("wrong-again")
        assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
        assert 290 <= int(answer["Retry-After"]) <= 300
        assert answer.json()["detail"] == "Too many wrong tokens from this address. Try again in 5 minutes."
        assert answer.json()["title"] == "Too Many Requests"

    def test_a_post_of_data_is_told_the_same(self) -> None:
        send_wrong_tokens(FREE[Kind.TOKEN_ADDRESS])
        headers = {"Authorization": "Bearer wrong"}
        answer = APIClient().post("/api/data", {"content": 1}, format="json", headers=headers, **AIRCRAFT)  # type: ignore[arg-type]
        assert answer.status_code == 429
        assert 290 <= int(answer["Retry-After"]) <= 300

    def test_a_token_in_a_body_is_counted_too(self) -> None:
        send_wrong_tokens(FREE[Kind.TOKEN_ADDRESS] - 1)
        statuses = []
        for n in range(2):
            body = {"Authorization": f"wrong-{n}"}
            answer = APIClient().post("/api/compute/stats", body, format="json", **AIRCRAFT)  # type: ignore[arg-type]
            statuses.append(answer.status_code)
            prolong_blocks()
        assert statuses == [401, 429]

    def test_a_token_that_was_accepted_lately_is_not_held_up_by_the_wrong_ones_of_others(self) -> None:
        known = right_token()
        assert ask(known, REMOTE_ADDR="198.51.100.9").status_code == 200
        send_wrong_tokens(FREE[Kind.TOKEN_ADDRESS])
        assert ask(known).status_code == 200
        assert ask(right_token()).status_code == 429
        assert ask(right_token(), REMOTE_ADDR="203.0.113.8").status_code == 200

    def test_a_right_token_takes_no_count_away(self) -> None:
        free = FREE[Kind.TOKEN_ADDRESS]
        send_wrong_tokens(free - 1)
        assert [ask(right_token()).status_code for _ in range(5)] == [200] * 5
        assert send_wrong_tokens(1) == [401]
        assert send_wrong_tokens(1) == [429]

    def test_a_token_that_has_expired_is_no_guess(self) -> None:
        expired = right_token(exp=int(time.time()) - 60)
        answers = [ask(expired).status_code for _ in range(FREE[Kind.TOKEN_ADDRESS] + 5)]
        assert set(answers) == {401}

    def test_a_token_that_was_accepted_and_no_longer_is_counts_from_then_on(self, settings: Any) -> None:
        known = right_token()
        assert ask(known).status_code == 200
        settings.JWT_KEY = "x" * 40
        answers = [ask(known).status_code for _ in range(FREE[Kind.TOKEN_ADDRESS] + 1)]
        prolong_blocks()
        assert set(answers) == {401}
        assert ask(known).status_code == 429

    def test_for_a_right_token_nothing_is_written_and_for_a_known_one_nothing_read(self) -> None:
        known = right_token()
        with CaptureQueriesContext(connection) as queries:
            ask(known)
        about_attempts = [query["sql"] for query in queries if "failedattempts" in query["sql"]]
        assert [sql.split()[0] for sql in about_attempts] == ["SELECT"]
        with CaptureQueriesContext(connection) as queries:
            ask(known)
        assert [query for query in queries if "failedattempts" in query["sql"]] == []

    def test_without_an_address_nobody_is_held_up(self) -> None:
        answers = [ask("wrong", REMOTE_ADDR="").status_code for _ in range(FREE[Kind.TOKEN_ADDRESS] + 5)]
        assert set(answers) == {401}

    def test_a_process_remembers_a_bounded_number_of_tokens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling, "_accepted", {})
        monkeypatch.setattr(throttling, "MOST_ACCEPTED", 3)
        for _ in range(10):
            ask(right_token())
        assert len(throttling._accepted) == 3


@pytest.mark.django_db(transaction=True)
def test_of_wrong_tokens_that_come_at_once_no_more_than_the_free_ones_are_looked_at() -> None:
    looked_at = []

    def verify(token: str) -> None:
        looked_at.append(token)
        raise ValueError

    def guess(number: int) -> None:
        try:
            with pytest.raises((ValueError, throttling.TooManyRequests)):
                throttling.check_token(request, f"wrong-{number}", verify, wrong=ValueError)
        finally:
            connections.close_all()

    request = APIClient().get("/api/health", **AIRCRAFT).wsgi_request  # type: ignore[arg-type]
    started = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(guess, range(60)))
    seconds = time.monotonic() - started

    most = FREE[Kind.TOKEN_ADDRESS] + sum(1 for doubling in range(10) if 2 ** (doubling + 1) - 1 <= seconds)
    assert FREE[Kind.TOKEN_ADDRESS] <= len(looked_at) <= most
    assert FailedAttempts.objects.get().count == len(looked_at)


@pytest.mark.django_db(transaction=True)
def test_right_tokens_that_come_at_once_are_all_let_in() -> None:
    send_wrong_tokens(2)  # from now on each is counted before it is looked at

    def ask_once(token: str) -> int:
        try:
            return int(ask(token).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(ask_once, [right_token() for _ in range(40)]))
    assert answers == [200] * 40
    assert FailedAttempts.objects.get().count == 2


@pytest.mark.django_db(transaction=True)
def test_while_the_key_set_hangs_all_who_come_are_refused_soon_and_none_is_counted(settings: Any) -> None:
    key = new_key()
    server = KeyServer(one=key)
    with server:
        settings.JWT_ALGORITHM, settings.JWKS_URL = "RS256", server.keys_url
        server.fail_next(Fault(hang_seconds=30))
        start = threading.Barrier(16)

        def ask_once(number: int) -> tuple[int, float]:
            token = jwt.encode({"sub": f"ana-{number}"}, key, algorithm="RS256", headers={"kid": "one"})
            try:
                start.wait(20)
                started = time.monotonic()
                return ask(token).status_code, time.monotonic() - started
            finally:
                connections.close_all()

        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(ask_once, range(16)))
        asked = len(server.received)
    jwks._key_set.cache_clear()
    assert {status for status, _ in answers} == {401}
    assert max(seconds for _, seconds in answers) < 3  # one after the other would be ten
    assert asked == 1
    assert not FailedAttempts.objects.exists()
