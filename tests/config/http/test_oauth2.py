"""OAuth2 client credentials, against a server that gives tokens and takes them back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config.http.client import Client, TransportError
from config.http.connection import ConnectionOptions
from config.http.oauth2 import ClientCredentials, OAuth2
from tests.fakes.checking_partner import OAuth2Partner
from tests.fakes.faulty import Fault


@pytest.fixture
def service() -> Iterator[OAuth2Partner]:
    with OAuth2Partner() as server:
        yield server


def new_client(service: OAuth2Partner, *, read_timeout: float = 5.0) -> Client:
    credentials = ClientCredentials(service.token_url, service.client_id, service.client_secret, service.scope)
    auth = OAuth2(credentials, role="the token endpoint", connection=ConnectionOptions())
    return Client(role="the service", auth=[auth], read_timeout=read_timeout)


def post(client: Client, service: OAuth2Partner, key: str = "k") -> None:
    client.call("POST", service.customers_url, headers={"Idempotency-Key": key}, data=b"[]")


def failure_of(service: OAuth2Partner) -> TransportError:
    with new_client(service) as client, pytest.raises(TransportError) as caught:
        post(client, service)
    return caught.value


def test_a_token_is_asked_for_once_and_shared_by_all_clients(service: OAuth2Partner) -> None:
    for _ in range(2):
        with new_client(service) as client:
            post(client, service)
            post(client, service)
    assert len(service.issued) == 1


def test_threads_that_need_a_token_at_once_ask_for_one(service: OAuth2Partner) -> None:
    def call(number: int) -> None:
        with new_client(service) as client:
            post(client, service, str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(8)))
        service.revoke_tokens()
        list(pool.map(call, range(8, 16)))
    assert len(service.accepted) == 16
    assert len(service.issued) == 2


def test_a_token_is_renewed_before_it_expires(service: OAuth2Partner) -> None:
    service.expires_in = 0.2
    with new_client(service) as client:
        post(client, service)
        time.sleep(0.15)  # beyond half of its life
        post(client, service)
    assert (len(service.issued), service.refused) == (2, [])


@pytest.mark.parametrize("expires_in", ["3600", None, "soon", -5, 0, [], "inf", "nan"])
def test_a_lifetime_is_read_or_ignored(service: OAuth2Partner, expires_in: Any) -> None:
    service.expires_in = expires_in
    with new_client(service) as client:
        post(client, service)
        post(client, service)
    assert len(service.issued) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome on board</html>",
        b"\xff",
        b"[" * 20_000,
        b"null",
        b'["access_token"]',
        b"{}",
        b'{"access_token": 5}',
        b'{"access_token": ""}',
        b'{"access_token": "two words"}',
        b'{"access_token": "line\\nbreak"}',
        '{"access_token": "náš"}'.encode(),
        b'{"access_token": "t", "token_type": "mac"}',
        b'{"access_token": "t", "token_type": null}',
        b'{"access_token": "%s"}' % (b"t" * 20_000),
    ],
    ids=range(15),
)
def test_an_answer_that_is_no_token_is_tried_again_later(service: OAuth2Partner, body: bytes) -> None:
    service.fail_next(Fault(status=200, body=body))
    error = failure_of(service)
    assert (error.permanent, error.status) == (False, None)
    assert str(error) == "the token endpoint answered 200, but not with a bearer token"


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (401, True), (302, True), (429, False), (503, False)])
def test_a_failure_is_the_endpoints_and_not_the_services(service: OAuth2Partner, status: int, permanent: bool) -> None:
    service.fail_next(Fault(status=status, headers={"Retry-After": "7", "Location": service.customers_url}))
    error = failure_of(service)
    assert (error.permanent, error.status, error.retry_after) == (permanent, None, 7.0)
    assert str(error).startswith(f"the token endpoint answered {status}")
    assert [request.path for request in service.received] == ["/oauth/token"]


def test_an_enormous_answer_is_not_read(service: OAuth2Partner) -> None:
    service.fail_next(Fault(status=200, body=b"x" * 100_000))
    assert "more than 65536 bytes" in str(failure_of(service))


def test_a_refused_token_is_not_used_again_when_the_endpoint_is_away(service: OAuth2Partner) -> None:
    with new_client(service) as client:
        post(client, service)
        service.revoke_tokens()
        service.fail_next(Fault(), Fault(status=503))  # the refusal, the endpoint
        with pytest.raises(TransportError, match="the token endpoint answered 503"):
            post(client, service)
        post(client, service)
    assert (len(service.issued), len(service.refused)) == (2, 1)


def test_a_hanging_endpoint_is_waited_for_no_longer_than_the_request_may_take(service: OAuth2Partner) -> None:
    service.fail_next(Fault(hang_seconds=20))
    before = time.monotonic()
    with new_client(service, read_timeout=1.0) as client, pytest.raises(TransportError) as caught:
        post(client, service)
    assert caught.value.permanent is False
    assert time.monotonic() - before < 5


def test_who_waits_for_another_ones_token_gives_up_in_time(service: OAuth2Partner) -> None:
    service.fail_next(Fault(hang_seconds=20))

    def call(seconds: float) -> TransportError:
        with new_client(service, read_timeout=seconds) as client, pytest.raises(TransportError) as caught:
            post(client, service)
        return caught.value

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(call, 2.5)
        while not service.received:
            time.sleep(0.01)
        waiting = call(1.0)
        assert asking.result().permanent is False
    assert (str(waiting), waiting.permanent) == ("the token endpoint: another request still asks for a token", False)


def test_other_credentials_get_another_token(service: OAuth2Partner) -> None:
    with new_client(service) as client:
        post(client, service)
    service.client_secret = "changed"
    with new_client(service) as client:
        post(client, service)
    assert len(service.issued) == 2
