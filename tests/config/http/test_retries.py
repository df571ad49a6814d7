"""Failures of a call are tried again within its deadline, as patiently as the service asks."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from config.http.client import LONGEST_RETRY_AFTER, Answer, Client, TransportError, parse_retry_after
from tests.config.http.service import Service, failure_of
from tests.fakes.faulty import Fault


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
