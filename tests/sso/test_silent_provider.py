"""An identity provider that is slow or gone: who waits for it, how often it is asked, and what serves meanwhile."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from config.pages.sso import descriptions
from tests.fakes.faulty import Fault, FaultyServer, Received, wait_until
from tests.fakes.saml_provider import SamlProvider
from tests.sso.walking import title

pytestmark = pytest.mark.django_db


class Describing(FaultyServer):
    """A provider of both protocols that describes itself, and does nothing else."""

    metadata = ""

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        if request.path == "/metadata":
            return 200, {"Content-Type": "application/samlmetadata+xml"}, self.metadata.encode()
        made = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(made).encode()


@pytest.fixture
def provider(saml_server: SamlProvider, settings: Any) -> Iterator[Describing]:
    """A provider that nobody has asked yet."""
    with Describing() as server:
        assert isinstance(server, Describing)
        server.metadata = saml_server.metadata
        settings.SSO_SAML_METADATA_URL = f"{server.url}/metadata"
        settings.SSO_OIDC_ISSUER = server.url
        settings.SSO_GROUPS = [("airline-ops", "operator")]
        yield server


@pytest.fixture(params=["oidc", "saml"])
def login(request: Any) -> str:
    """The page that leads to the provider."""
    return f"/sso/{request.param}/login"


@pytest.fixture
def never_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said is old at once, and nobody waits until the next question."""
    monkeypatch.setattr(descriptions, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(descriptions, "ASK_AGAIN_SECONDS", 0.0)


def status(client: Client, path: str) -> int:
    return int(client.get(path).status_code)


@contextmanager
def being_asked(provider: Describing, path: str) -> Iterator[Future[int]]:
    """Have somebody wait for the provider, which answers at the end."""
    answers, asked = threading.Event(), len(provider.received)

    def wait(_: Received) -> None:
        answers.wait(30)

    def go() -> int:
        try:
            return status(Client(headers={"host": "testserver"}), path)
        finally:
            connections.close_all()

    provider.on_received = wait
    with ThreadPoolExecutor(1) as thread:
        try:
            waiting = thread.submit(go)
            wait_until(lambda: len(provider.received) > asked)
            yield waiting
        finally:
            answers.set()


def test_a_provider_describes_itself_once_for_many_logins(client: Client, provider: Describing, login: str) -> None:
    assert [status(client, login) for _ in range(3)] == [302] * 3
    assert len(provider.received) == 1


def test_a_failure_is_remembered_for_a_while(client: Client, provider: Describing, login: str) -> None:
    provider.fail_next(Fault(status=503))
    for _ in range(3):
        answer = client.get(login)
        assert (answer.status_code, title(answer)) == (502, "You are not logged in")
    assert len(provider.received) == 1


def test_after_that_while_it_is_asked_again(
    client: Client, provider: Describing, login: str, never_fresh: None
) -> None:
    provider.fail_next(Fault(status=503))
    assert [status(client, login), status(client, login)] == [502, 302]


def test_what_is_no_description_is_not_remembered_as_one(
    client: Client, provider: Describing, login: str, never_fresh: None
) -> None:
    provider.fail_next(Fault(status=200, body=b"{}"))
    assert [status(client, login), status(client, login)] == [502, 302]


def test_what_it_said_last_serves_while_it_is_gone(
    client: Client, provider: Describing, login: str, never_fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(client, login) == 302
    provider.down = True
    assert status(client, login) == 302
    monkeypatch.setattr(descriptions, "KEPT_SECONDS", 0.0)
    assert status(client, login) == 502


def test_who_asks_a_provider_that_does_not_answer_gives_up(
    client: Client, provider: Describing, login: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.2
    monkeypatch.setattr("config.pages.sso.saml.ANSWER_SECONDS", 0.2)
    with being_asked(provider, login) as waiting:
        assert waiting.result(20) == 502


@pytest.mark.django_db(transaction=True)
def test_one_thread_at_a_time_waits_for_a_provider_that_does_not_answer(
    client: Client, provider: Describing, login: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 30
    monkeypatch.setattr("config.pages.sso.saml.ANSWER_SECONDS", 30.0)
    with being_asked(provider, login) as waiting:
        assert [status(client, login) for _ in range(2)] == [502] * 2
        assert not waiting.done()
    assert waiting.result() == 302
    assert len(provider.received) == 1


@pytest.mark.django_db(transaction=True)
def test_while_one_asks_anew_the_others_go_on_with_what_is_known(
    client: Client, provider: Describing, login: str, settings: Any, never_fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 30
    monkeypatch.setattr("config.pages.sso.saml.ANSWER_SECONDS", 30.0)
    assert status(client, login) == 302
    with being_asked(provider, login) as waiting:
        assert [status(client, login) for _ in range(3)] == [302] * 3
        assert not waiting.done()
    assert waiting.result() == 302


def test_a_provider_of_saml_that_is_gone_hinders_nobody_at_that_of_openid(
    client: Client, provider: Describing, settings: Any
) -> None:
    settings.SSO_SAML_METADATA_URL = "http://127.0.0.1:9/metadata"
    assert [status(client, "/sso/oidc/login"), status(client, "/login")] == [302, 200]
