"""Outgoing HTTP, against a server on a real socket that misbehaves."""

import logging
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest

from config.http.client import LONGEST_RETRY_AFTER, Answer, Client, TransportError, parse_retry_after
from tests.fakes.faulty import Fault, FaultyServer, Received, free_port

TOKEN = "s3cr3t-t0k3n"


class Service(FaultyServer):
    """Answers `fine`; /huge with 200,000 bytes, /trickle a byte at a time; keeps the client's port of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.client_ports: list[int] = []

    def __enter__(self) -> "Service":
        super().__enter__()
        return self

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        return 200, {"X-Kind": "fine"}, b"x" * 200_000 if request.path == "/huge" else b"fine"

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.client_ports.append(handler.client_address[1])
        if handler.path == "/trickle":
            self._trickle(handler)
        else:
            super()._serve(handler)

    def _trickle(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Length", "10000")
        handler.end_headers()
        try:
            while not self._released.wait(0.05):
                handler.wfile.write(b"x")
        except OSError:
            return


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        yield server


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(role="the service", connect_timeout=2, read_timeout=2, max_body=100_000) as opened:
        yield opened


def failure_of(client: Client, url: str, *, method: str = "GET") -> TransportError:
    """Return the failure of one call."""
    with pytest.raises(TransportError) as caught:
        client.call(method, url)
    return caught.value


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


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 99 Foo 2026 99:99:99 GMT", None),
        ("9999999999", LONGEST_RETRY_AFTER),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER),
    ],
)
def test_retry_after_is_read_or_ignored(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header) == seconds


def test_retry_after_as_a_date_is_the_time_until_then() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert parse_retry_after(in_a_minute) == pytest.approx(60, abs=2)


def test_retry_after_comes_with_the_failure(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=429, headers={"Retry-After": "7"}))
    assert failure_of(client, service.url).retry_after == 7.0


def test_temporary_failures_are_tried_again_within_the_deadline(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=503), Fault(drop=True))
    answer = client.call("GET", service.url, deadline=time.monotonic() + 10)
    assert (answer.status, len(service.received)) == (200, 3)


def test_permanent_failures_are_not_tried_again(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=400))
    with pytest.raises(TransportError):
        client.call("GET", service.url, deadline=time.monotonic() + 10)
    assert len(service.received) == 1


def test_the_last_failure_is_raised_when_the_deadline_is_over(service: Service, client: Client) -> None:
    service.fail_next(*[Fault(status=503)] * 100)
    before = time.monotonic()
    with pytest.raises(TransportError) as caught:
        client.call("GET", service.url, deadline=before + 1.0)
    assert caught.value.status == 503
    assert time.monotonic() - before < 1.5
    assert len(service.received) > 1


def test_an_attempt_takes_no_longer_than_what_is_left(service: Service) -> None:
    service.fail_next(*[Fault(hang_seconds=20)] * 10)
    before = time.monotonic()
    with Client(role="the service", read_timeout=30) as patient, pytest.raises(TransportError):
        patient.call("GET", service.url, deadline=before + 1.5)
    assert time.monotonic() - before < 5


def test_retry_after_is_waited_for(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=429, headers={"Retry-After": "1"}))
    before = time.monotonic()
    client.call("GET", service.url, deadline=before + 10)
    assert time.monotonic() - before >= 1.0


def test_a_retry_after_beyond_the_deadline_ends_the_call_at_once(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=503, headers={"Retry-After": "60"}))
    before = time.monotonic()
    with pytest.raises(TransportError) as caught:
        client.call("GET", service.url, deadline=before + 10)
    assert caught.value.retry_after == 60.0
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_call_that_may_have_an_effect_twice_is_refused_a_deadline(
    service: Service, client: Client, method: str
) -> None:
    with pytest.raises(ValueError, match="Idempotency-Key"):
        client.call(method, service.url, data=b"{}", deadline=time.monotonic() + 10)
    assert service.received == []


def test_a_post_with_an_idempotency_key_is_tried_again_with_that_key(service: Service, client: Client) -> None:
    service.fail_next(Fault(drop=True))
    client.call("POST", service.url, headers={"Idempotency-Key": "k-1"}, data=b"[1]", deadline=time.monotonic() + 10)
    assert [(r.headers["Idempotency-Key"], r.body) for r in service.received] == [("k-1", b"[1]")] * 2


class Log:
    """Writes down what it is told, and numbers the attempts in a header."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begin(self) -> dict[str, str]:
        self.told.append("begin")
        return {"X-Request-ID": f"attempt-{self.told.count('begin')}"}

    def end(self, outcome: Answer | TransportError) -> None:
        self.told.append(str(outcome.status))


def test_a_log_is_told_of_each_attempt_and_names_it_to_the_service(service: Service, client: Client) -> None:
    service.fail_next(Fault(status=500), Fault(drop=True))
    log = Log()
    client.call("GET", service.url, deadline=time.monotonic() + 10, attempts=log)
    assert log.told == ["begin", "500", "begin", "None", "begin", "200"]
    assert [r.headers["X-Request-ID"] for r in service.received] == ["attempt-1", "attempt-2", "attempt-3"]


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
