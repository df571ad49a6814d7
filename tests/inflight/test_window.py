"""PARTNER_WINDOW batches are in flight at once; an operator pauses a delivery; each customer goes out once."""

import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection

from config.core.locks import exclusive
from inflight.exceptions import DeliveryEnded
from inflight.models import Delivery
from inflight.partner.client import partner_client
from inflight.partner.window import Request, Window
from inflight.services.deliveries import deliver, pause_delivery, resume_delivery, retry_delivery, start_delivery
from tests.factories import CustomerFactory
from tests.fakes.faulty import Fault, Received
from tests.fakes.partner import Partner
from tests.inflight.conftest import send
from tests.sessions import held_elsewhere

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_batches(settings: Any) -> None:
    settings.DELIVERY_BATCH_SIZE = 2
    settings.SEND_BUDGET_SECONDS = 10.0  # what a test waits for ends it sooner


def test_as_many_batches_are_in_flight_at_once_as_the_window_says(partner: Partner, settings: Any) -> None:
    settings.PARTNER_WINDOW = 4
    together = threading.Barrier(4)  # breaks, and so drops the connection, unless four are there at once

    def meet(_: Received) -> None:
        together.wait(timeout=10)

    partner.on_received = meet
    expected = {customer.last_name for customer in CustomerFactory.create_batch(16)}
    delivery = send(seconds=20)
    assert delivery.status == "delivered"
    assert len(partner.customers) == 16
    assert {customer["last_name"] for customer in partner.customers} == expected


def test_with_a_window_of_one_no_two_requests_overlap(partner: Partner) -> None:
    under_way: list[int] = []
    overlaps: list[int] = []

    def come(_: Received) -> None:
        under_way.append(1)
        overlaps.append(len(under_way))

    partner.on_received = come
    partner.on_answered = lambda _: under_way.clear()
    CustomerFactory.create_batch(12)
    send(seconds=20)
    assert overlaps == [1] * 6


def test_while_the_partner_is_away_only_those_in_flight_burn_their_timeouts(partner: Partner, settings: Any) -> None:
    settings.PARTNER_WINDOW = 3
    CustomerFactory.create_batch(20)
    partner.down = True
    delivery = send(seconds=2)
    tried = delivery.batches.filter(attempts__gt=0).count()
    assert (delivery.status, tried <= 3) == ("waiting", True)
    assert set(delivery.batches.values_list("status", flat=True)) == {"pending"}


@pytest.mark.django_db(transaction=True)
def test_a_delivery_refused_while_it_is_prepared_fails_only_when_everybody_is_in_it(partner: Partner) -> None:
    CustomerFactory.create_batch(120)
    partner.fail_next(Fault(status=401))
    with ExitStack() as erasure:

        def let_an_erasure_wait(_: Received) -> None:  # which ends the preparation, long before its end
            if len(partner.received) == 1:
                erasure.enter_context(held_elsewhere(exclusive("erasure", wait_seconds=5)))

        partner.on_received = let_an_erasure_wait
        delivery = send(seconds=20)
        assert (delivery.status, partner.accepted) == ("preparing", {})
        assert delivery.next_attempt_at is not None
        assert delivery.batches.count() < 60
    assert deliver(delivery, seconds=60).status == "failed"
    assert deliver(retry_delivery(delivery), seconds=60).status == "delivered"
    assert len(partner.customers) == 120


def test_a_round_that_breaks_is_put_off_and_keeps_what_was_acknowledged_meanwhile(
    partner: Partner, settings: Any
) -> None:
    settings.PARTNER_WINDOW = 2
    CustomerFactory.create_batch(120)
    delivery, _ = start_delivery()

    def break_it(_: Received) -> None:
        settings.DELIVERY_BATCH_SIZE = -1

    partner.on_received = break_it
    with pytest.raises(ValueError, match="Negative indexing"):
        deliver(delivery, seconds=20)
    delivery.refresh_from_db()
    assert delivery.next_attempt_at is not None
    assert delivery.batches.filter(status="acknowledged").count() == len(partner.accepted) > 0
    partner.on_received = lambda _: None
    settings.DELIVERY_BATCH_SIZE = 2
    assert deliver(delivery, seconds=60).status == "delivered"
    assert (len(partner.customers), partner.repeats) == (120, [])


def test_no_thread_is_left_when_none_can_be_started(settings: Any) -> None:
    """As where the machine bounds how many a process may have."""
    with Window(1, partner_client, "http://127.0.0.1:9/") as window:
        window._pool.shutdown()
        with pytest.raises(RuntimeError):
            window.post(Request(1, b"[]", {}), time.monotonic() + 1)
    assert window.in_flight == set()


def test_each_customer_has_one_effect_whatever_fails_in_a_wide_window(partner: Partner, settings: Any) -> None:
    settings.PARTNER_WINDOW = 8
    expected = sorted(customer.last_name for customer in CustomerFactory.create_batch(40))
    partner.fail_next(Fault(drop=True), Fault(), Fault(status=503), Fault(drop=True), Fault(status=429))
    delivery = send(seconds=20)
    assert delivery.status == "delivered"
    assert sorted(customer["last_name"] for customer in partner.customers) == expected


def test_a_refused_credential_stops_a_wide_window(partner: Partner, settings: Any) -> None:
    settings.PARTNER_WINDOW = 4
    CustomerFactory.create_batch(40)
    partner.fail_next(*[Fault(status=401)] * 50)
    delivery = send(seconds=20)
    assert delivery.status == "failed"
    assert len(partner.received) <= 8
    assert partner.customers == []


@pytest.mark.django_db(transaction=True)
def test_what_is_on_its_way_ends_when_a_delivery_is_paused(partner: Partner) -> None:
    CustomerFactory.create_batch(6)
    delivery, _ = start_delivery()

    def pause(_: Received) -> None:  # in a thread of the partner, so over another connection and with a row of its own
        pause_delivery(Delivery.objects.get(pk=delivery.pk))
        connection.close()

    partner.on_received = pause
    deliver(delivery, seconds=20)
    assert sorted(delivery.batches.values_list("status", flat=True)) == ["acknowledged", "pending", "pending"]
    partner.on_received = lambda _: None
    resume_delivery(delivery)
    assert deliver(delivery, seconds=20).status == "delivered"
    assert len(partner.customers) == 6


def test_a_paused_delivery_sends_nothing_further_until_it_is_resumed(partner: Partner) -> None:
    CustomerFactory.create_batch(6)
    delivery, _ = start_delivery()
    pause_delivery(delivery)
    assert deliver(delivery, seconds=5).status == "preparing"
    assert partner.received == []
    resume_delivery(delivery)
    assert deliver(delivery, seconds=5).status == "delivered"
    assert len(partner.customers) == 6


def test_a_delivery_that_has_ended_is_neither_paused_nor_resumed(partner: Partner) -> None:
    delivery = send()
    for step in (pause_delivery, resume_delivery):
        with pytest.raises(DeliveryEnded, match="has ended"):
            step(delivery)
    assert not Delivery.objects.get().is_paused
