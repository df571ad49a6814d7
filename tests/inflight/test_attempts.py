"""Every request to the partner is on record, and only the partner's own 2xx acknowledges a batch."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from inflight.models import Customer, Delivery, DeliveryAttempt
from inflight.services.batches import drop_old_attempts
from inflight.services.deliveries import deliver, retry_delivery
from tests.factories import CustomerFactory
from tests.fakes.faulty import Fault, Received
from tests.fakes.partner import Partner
from tests.inflight.conftest import send

pytestmark = pytest.mark.django_db
PAGE = Fault(status=200, headers={"Content-Type": "text/html"}, body=b"<html>Please log in to the network</html>")


@pytest.fixture(autouse=True)
def _patience(settings: Any) -> None:
    settings.SEND_BUDGET_SECONDS = 10.0  # what a test waits for ends it sooner


def attempts(delivery: Delivery) -> list[DeliveryAttempt]:
    return list(DeliveryAttempt.objects.filter(batch__delivery=delivery).order_by("id"))


def test_each_attempt_has_its_time_outcome_and_the_id_that_the_partner_got(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=503, body=b"down for a moment"), Fault(drop=True))
    found = attempts(send(seconds=5))
    assert [(each.outcome, each.http_status) for each in found] == [
        ("failed", 503),
        ("failed", None),
        ("acknowledged", 201),
    ]
    assert [each.answer for each in found] == ["down for a moment", "", '{"received": 1}']
    assert [str(each.request_id) for each in found] == [r.headers["X-Request-ID"] for r in partner.received]
    assert all(each.seconds is not None for each in found)
    assert "503" in found[0].error


@pytest.mark.django_db(transaction=True)
def test_an_attempt_is_on_record_before_it_arrives(partner: Partner) -> None:
    found: list[list[str]] = []

    def look(_: Received) -> None:  # in a thread of the partner, so over another connection
        found.append([each.outcome for each in DeliveryAttempt.objects.all()])
        connection.close()

    partner.on_received = look
    CustomerFactory()
    send()
    assert found == [["unfinished"]]


def test_only_the_first_500_bytes_of_an_answer_are_kept(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=422, body="é".encode() * 1000))
    (attempt,) = attempts(send())
    assert attempt.answer == "é" * 250


def test_a_page_of_the_network_between_is_no_acknowledgement(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(*[PAGE] * 20)
    delivery = send(seconds=0.5)
    (batch,) = delivery.batches.all()
    assert (delivery.status, batch.status, batch.http_status) == ("waiting", "pending", 200)
    assert "text/html is not the service's own answer" in batch.last_error
    assert "Please log in" in batch.last_error
    partner.forget_faults()
    assert deliver(delivery, seconds=1).status == "delivered"
    assert len(partner.customers) == 1


def test_a_network_that_sends_us_to_its_login_is_waited_for(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(*[Fault(status=302, headers={"Location": "http://login.example/"}, body=b"<html>")] * 20)
    delivery = send(seconds=0.5)
    assert (delivery.status, delivery.batches.get().status) == ("waiting", "pending")


def test_control_characters_of_an_answer_are_not_kept(settings: Any) -> None:
    CustomerFactory()
    with RawServer(b"HTTP/1.1 422 a\x00b\x1b[31m\r\nContent-Length: 4\r\n\r\nx\x00yz") as url:
        settings.CUSTOMERS_API_URL = url
        delivery = send(seconds=5)
    assert delivery.status == "failed"
    (attempt,) = attempts(delivery)
    assert (attempt.error, attempt.answer) == ("partner API answered 422 ab[31m", "xyz")


def test_a_partner_that_answers_with_pages_can_be_accepted(partner: Partner, settings: Any) -> None:
    settings.PARTNER_ACCEPTS = ["text/*"]
    CustomerFactory()
    partner.fail_next(Fault(status=200, headers={"Content-Type": "text/plain"}, body=b"OK"))
    assert send().status == "delivered"


class RawServer:
    """Answers one request with these bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.getsockname()[1]}/"

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._thread.join(10)

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            connection.settimeout(10)
            connection.recv(65536)
            connection.sendall(self._answer)


class SmallPartner(Partner):
    """Takes at most `most` customers at once, and answers 413 to more."""

    most = 2

    def fault_for(self, request: Received) -> Fault:
        return Fault(status=413) if len(request.json()) > self.most else Fault()


@pytest.fixture
def small_partner(settings: Any) -> Any:
    with SmallPartner() as partner:
        settings.CUSTOMERS_API_URL = partner.customers_url
        yield partner


def test_a_batch_that_is_too_large_is_split_until_it_fits(small_partner: SmallPartner) -> None:
    expected = {customer.last_name for customer in CustomerFactory.create_batch(7)}
    delivery = send(seconds=5)
    assert delivery.status == "delivered"
    assert len(small_partner.customers) == 7
    assert {customer["last_name"] for customer in small_partner.customers} == expected
    taken = delivery.batches.filter(status="acknowledged")
    assert max(batch.customers for batch in taken) <= 2
    assert sorted(key for batch in taken for key in batch.customer_ids or []) == sorted(
        Customer.objects.values_list("pk", flat=True)
    )
    assert len({request.headers["Idempotency-Key"] for request in small_partner.received}) == delivery.batches.count()


def test_a_split_batch_keeps_its_attempts_and_its_halves_tell_of_it(small_partner: SmallPartner) -> None:
    CustomerFactory.create_batch(4)
    delivery = send(seconds=5)
    first = delivery.batches.get(number=1)
    assert (first.status, first.payload, first.customer_ids) == ("split", None, None)
    assert [batch.number for batch in first.halves.order_by("number")] == [2, 3]
    assert [each.http_status for each in attempts(delivery) if each.batch_id == first.pk] == [413]


def test_one_customer_too_large_fails_and_the_others_go_on(small_partner: SmallPartner) -> None:
    small_partner.most = 0
    CustomerFactory.create_batch(2)
    delivery = send(seconds=5)
    assert delivery.status == "failed"
    assert sorted(delivery.batches.values_list("status", flat=True)) == ["failed", "failed", "split"]
    small_partner.most = 1
    assert deliver(retry_delivery(delivery), seconds=5).status == "delivered"
    assert len(small_partner.customers) == 2


def test_old_attempts_are_forgotten(partner: Partner, settings: Any) -> None:
    settings.ATTEMPT_RETENTION_DAYS = 10
    CustomerFactory()
    old, recent = attempts(send()) + attempts(send())
    DeliveryAttempt.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(days=11))
    drop_old_attempts()
    assert list(DeliveryAttempt.objects.all()) == [recent]
