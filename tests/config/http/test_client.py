"""Outgoing HTTP, against a server on a real socket that misbehaves."""

import logging
import time
import traceback

import pytest

from config.http.client import Client, TransportError
from tests.config.http.service import Service, failure_of
from tests.fakes.faulty import Fault, free_port

TOKEN = "s3cr3t-t0k3n"


def test_success_gives_status_headers_and_body(service: Service, client: Client) -> None:
    answer = client.call("GET", service.url)
    assert (answer.status, answer.headers["X-Kind"], answer.body) == (200, "fine", b"fine")


@pytest.mark.parametrize("status", [201, 202, 204, 299])
def test_every_2xx_is_success(service: Service, client: Client, status: int) -> None:
    service.fail_next(Fault(status=status, body=b""))
    assert client.call("POST", service.url, data=b"{}").status == status


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_temporary_statuses_are_not_permanent(service: Service, client: Client, status: int) -> None:
    service.fail_next(Fault(status=status))
    error = failure_of(client, service.url)
    assert (error.permanent, error.status) == (False, status)


@pytest.mark.parametrize("status", [301, 302, 304, 307, 400, 401, 403, 404, 409, 410, 413, 422])
def test_other_statuses_are_permanent(service: Service, client: Client, status: int) -> None:
    service.fail_next(Fault(status=status, headers={"Location": f"{service.url}/elsewhere"}, body=b""))
    error = failure_of(client, service.url)
    assert (error.permanent, error.status) == (True, status)


def test_redirects_are_not_followed(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=302, headers={"Location": f"{service.url}/elsewhere"}))
    failure_of(client, service.url)
    assert [request.path for request in service.received] == ["/"]


def test_the_body_of_a_failure_is_kept_for_the_operator(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=422, body=b"title is wrong" + b"." * 5000))
    error = failure_of(client, service.url)
    assert error.body.startswith(b"title is wrong")
    assert len(error.body) == 2000


def test_a_refused_connection_is_temporary(client: Client) -> None:
    with free_port() as port:
        error = failure_of(client, f"http://127.0.0.1:{port}/")
    assert (error.permanent, error.status) == (False, None)


def test_a_hanging_service_is_temporary_and_waited_for_no_longer_than_the_timeout(service: Service) -> None:
    service.fail_next(Fault(hang_seconds=20))
    before = time.monotonic()
    with Client(role="the service", read_timeout=0.3) as impatient:
        error = failure_of(impatient, service.url)
    assert (error.permanent, error.status) == (False, None)
    assert time.monotonic() - before < 5


def test_a_connection_dropped_after_reading_is_temporary(service: Service, client: Client) -> None:
    service.fail_next(Fault(drop=True))
    error = failure_of(client, service.url, method="POST")
    assert (error.permanent, error.status) == (False, None)


@pytest.mark.parametrize("url", ["no-scheme", "ftp://127.0.0.1/", "http://", "http://[::1/", "http://a b/"])
def test_an_address_that_can_never_work_is_permanent(client: Client, url: str) -> None:
    assert failure_of(client, url).permanent is True


PAGE = b"<html><body>Log in to the network</body></html>"
JSON, HTML = {"Content-Type": "application/json"}, {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (HTML, PAGE),
        ({"Content-Type": ""}, PAGE),
        ({"Content-Type": "text/plain"}, b"welcome"),
        (JSON, b"  " + PAGE),
        (HTML | {"Content-Length": "1000"}, PAGE),  # it breaks off
    ],
    ids=["html", "no type", "text", "a page that is called JSON", "a page that breaks off"],
)
def test_a_2xx_of_something_between_us_is_a_temporary_failure(
    service: Service, headers: dict[str, str], body: bytes
) -> None:
    service.fail_next(Fault(status=200, headers=headers, body=body))
    with Client(role="the service", accepts=["application/json"]) as client, pytest.raises(TransportError) as failure:
        client.call("POST", service.url, data=b"[]", wants_body=False)
    assert (failure.value.permanent, failure.value.status) == (False, 200)
    assert "not the service's own answer, which is application/json" in str(failure.value)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, b"{}"),
        ({"Content-Type": "Application/Problem+JSON; charset=utf-8"}, b"{}"),
        (HTML, b""),
        (JSON | {"Content-Length": "1000"}, b"{"),
    ],
    ids=["JSON", "a type of JSON", "no body", "JSON that breaks off"],
)
def test_a_2xx_of_the_service_itself_is_success(service: Service, headers: dict[str, str], body: bytes) -> None:
    service.fail_next(Fault(status=200, headers=headers, body=body))
    with Client(role="the service", accepts=["application/json", "application/*+json"]) as client:
        assert client.call("POST", service.url, data=b"[]", wants_body=False).status == 200


def test_an_answer_larger_than_the_limit_is_refused(service: Service, client: Client) -> None:
    error = failure_of(client, f"{service.url}/huge")
    assert (error.permanent, error.status) == (True, 200)


def test_an_answer_that_trickles_is_given_up_in_time(service: Service) -> None:
    before = time.monotonic()
    with Client(role="the service", read_timeout=0.5) as impatient:
        error = failure_of(impatient, f"{service.url}/trickle")
    assert error.permanent is False
    assert time.monotonic() - before < 3


def test_the_connection_is_kept_between_calls(service: Service, client: Client) -> None:
    for _ in range(3):
        client.call("GET", service.url)
    assert len(set(service.client_ports)) == 1


def test_the_connection_is_kept_after_a_failure_status(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=404))
    failure_of(client, service.url)
    client.call("GET", service.url)
    assert len(set(service.client_ports)) == 1


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(drop=True), Fault(status=404)])
def test_neither_query_nor_token_is_in_the_error_or_the_log(
    service: Service, client: Client, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    service.fail_next(*[fault] * 50)
    with caplog.at_level(logging.INFO), pytest.raises(TransportError) as caught:
        client.call(
            "GET",
            f"{service.url}/path?key={TOKEN}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            deadline=time.monotonic() + 0.5,
        )
    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + caplog.text


def test_the_query_is_not_in_the_traceback_of_a_refused_connection(client: Client) -> None:
    with free_port() as port:
        error = failure_of(client, f"http://127.0.0.1:{port}/path?key={TOKEN}")
    assert TOKEN not in "".join(traceback.format_exception(error))


def test_failures_name_the_role_of_the_service(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=500))
    assert str(failure_of(client, service.url)).startswith("the service answered 500")
