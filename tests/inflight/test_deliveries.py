"""Deliveries: snapshots, order, acknowledgement, and what happens when the partner misbehaves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from inflight.exceptions import DeliveryInProgress
from inflight.models import Customer, Delivery
from inflight.services.deliveries import deliver, deliver_due, retry_delivery, start_delivery
from tests.factories import CustomerFactory
from tests.fakes.faulty import Fault, Received
from tests.fakes.partner import Partner
from tests.inflight.conftest import send
from tests.sessions import lock_held_elsewhere

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_batches(settings: Any) -> None:
    settings.DELIVERY_BATCH_SIZE = 2
    settings.SEND_BUDGET_SECONDS = 10.0  # what a test waits for ends it sooner


def make_due() -> None:
    """Let the time until the next attempt pass."""
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def seconds_until_next(delivery: Delivery) -> float:
    assert delivery.next_attempt_at
    return (delivery.next_attempt_at - timezone.now()).total_seconds()


def statuses(delivery: Delivery) -> list[str]:
    return list(delivery.batches.order_by("number").values_list("status", flat=True))


def last_names(partner: Partner) -> list[str]:
    return [customer["last_name"] for customer in partner.customers]


def test_customers_arrive_in_order_in_batches(partner: Partner) -> None:
    expected = [customer.last_name for customer in CustomerFactory.create_batch(5)]
    delivery = send()
    assert delivery.status == "delivered"
    assert [len(batch) for batch in partner.accepted.values()] == [2, 2, 1]
    assert last_names(partner) == expected


def test_each_batch_has_one_key_and_is_json(partner: Partner) -> None:
    CustomerFactory.create_batch(3)
    send()
    keys = [request.headers["Idempotency-Key"] for request in partner.received]
    assert len(set(keys)) == 2
    assert {request.headers["Content-Type"] for request in partner.received} == {"application/json"}


def test_a_delivery_of_nothing_is_delivered_with_no_batches(partner: Partner) -> None:
    delivery = send()
    assert (delivery.status, delivery.batches.count(), partner.received) == ("delivered", 0, [])


def test_only_changed_sends_what_was_not_sent_before(partner: Partner) -> None:
    CustomerFactory.create_batch(3)
    send()
    assert send("changed").batches.count() == 0
    Customer.objects.filter(last_name=last_names(partner)[1]).update(needs_sending=True)
    send("changed")
    assert len(partner.customers) == 4
    assert partner.customers[3] == partner.customers[1]


def test_only_all_sends_everything_again(partner: Partner) -> None:
    CustomerFactory.create_batch(3)
    send()
    send()
    assert len(partner.customers) == 6


def test_a_temporary_failure_is_retried_at_once_with_the_same_bytes_and_key(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=503), Fault(drop=True))
    delivery = send(seconds=5)
    assert delivery.status == "delivered"
    assert delivery.batches.get().attempts == 3
    assert len({(request.headers["Idempotency-Key"], request.body) for request in partner.received}) == 1
    assert len(partner.customers) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=429),
        Fault(status=408),
        Fault(status=425),
        Fault(hang_seconds=20),
        Fault(drop=True),
    ],
    ids=["500", "429", "408", "425", "hang", "drop"],
)
def test_when_the_partner_stays_away_all_batches_wait_for_the_schedule(partner: Partner, fault: Fault) -> None:
    CustomerFactory.create_batch(5)
    partner.fail_next(*[fault] * 20)
    delivery = send(seconds=0.5)
    assert (delivery.status, statuses(delivery)) == ("waiting", ["pending"] * 3)
    assert 3 < seconds_until_next(delivery) <= 5
    assert list(delivery.batches.order_by("number").values_list("attempts", flat=True))[1:] == [0, 0]
    assert delivery.batches.get(number=1).last_error
    assert Schedule.objects.filter(next_run=delivery.next_attempt_at).exists()


def test_when_the_partner_is_back_the_rest_goes_out_once(partner: Partner) -> None:
    customers = CustomerFactory.create_batch(5)
    partner.fail_next(Fault(), *[Fault(status=503)] * 20)
    delivery = send(seconds=0.5)
    assert statuses(delivery) == ["acknowledged", "pending", "pending"]
    partner.forget_faults()
    deliver_due()
    assert len(partner.customers) == 2, "not before it is due"
    make_due()
    deliver_due()
    delivery.refresh_from_db()
    assert delivery.status == "delivered"
    assert last_names(partner) == [customer.last_name for customer in customers]


def test_a_drop_after_reading_has_no_second_effect(partner: Partner) -> None:
    CustomerFactory.create_batch(2)
    partner.fail_next(Fault(drop=True))
    send(seconds=5)
    assert len(partner.repeats) == 1
    assert len(partner.customers) == 2


def test_retry_after_is_honoured_over_the_schedule(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=429, headers={"Retry-After": "1800"}))
    delivery = send()
    assert len(partner.received) == 1
    assert seconds_until_next(delivery) > 1790


def test_each_round_waits_longer_and_the_last_one_ends(partner: Partner, settings: Any) -> None:
    settings.DELIVERY_SCHEDULE = [10.0, 100.0]
    CustomerFactory()
    partner.down = True
    delivery = send(seconds=0.5)
    waits = []
    while delivery.status == "waiting":
        waits.append(round(seconds_until_next(delivery), -1))  # to tens: seconds may pass meanwhile
        delivery = deliver(delivery, seconds=0.5)
    assert (waits, delivery.status) == ([10, 100], "failed")
    assert delivery.finished_at


def test_an_acknowledgement_starts_the_schedule_anew(partner: Partner) -> None:
    CustomerFactory.create_batch(3)
    partner.down = True
    delivery = send(seconds=0.5)
    partner.down = False
    partner.fail_next(Fault(), *[Fault(status=503)] * 20)
    delivery = deliver(delivery, seconds=0.5)
    assert (delivery.failed_rounds, statuses(delivery)) == (1, ["acknowledged", "pending"])


def test_a_refused_batch_needs_a_person_and_does_not_stop_the_others(partner: Partner) -> None:
    CustomerFactory.create_batch(5)
    partner.fail_next(Fault(), Fault(status=422, body=b'{"error": "no such product"}'))
    delivery = send()
    assert (delivery.status, statuses(delivery)) == ("failed", ["acknowledged", "failed", "acknowledged"])
    batch = delivery.batches.get(number=2)
    assert (batch.http_status, batch.attempts) == (422, 1)
    assert "no such product" in batch.last_error


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405])
def test_a_refusal_of_us_stops_the_delivery(partner: Partner, status: int) -> None:
    CustomerFactory.create_batch(5)
    partner.fail_next(Fault(status=status))
    delivery = send()
    assert (delivery.status, statuses(delivery)) == ("failed", ["failed", "pending", "pending"])
    assert len(partner.received) == 1


def test_a_retry_sends_what_is_not_acknowledged_with_the_same_bytes(partner: Partner) -> None:
    CustomerFactory.create_batch(3)
    partner.fail_next(Fault(status=422))
    delivery = send()
    Customer.objects.update(last_name="changed since")
    delivery = deliver(retry_delivery(delivery), seconds=1)
    assert delivery.status == "delivered"
    assert partner.received[0].body == partner.received[2].body
    assert len(partner.received) == 3, "the acknowledged batch is not sent again"


@pytest.mark.django_db(transaction=True)
def test_a_retry_during_an_attempt_finds_nothing_to_do(partner: Partner) -> None:
    CustomerFactory()
    partner.down = True
    delivery, _ = start_delivery()
    Delivery.objects.update(failed_rounds=1)
    seen = []

    def retry(_: Received) -> None:
        seen.append(retry_delivery(delivery).failed_rounds)
        connection.close()

    partner.on_received = retry
    delivery = deliver(delivery, seconds=1.0)  # enough for a retry to come to its end before the attempt does
    assert set(seen) == {1}
    assert (delivery.status, delivery.failed_rounds) == ("waiting", 2)


def test_a_2xx_counts_though_its_body_is_cut(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=201, headers={"Content-Length": "999"}))
    delivery = send()
    assert (delivery.status, len(partner.received)) == ("delivered", 1)


def test_a_retry_waits_while_another_delivery_is_under_way(partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=422))
    failed = send()
    other, _ = start_delivery()
    with pytest.raises(DeliveryInProgress, match=f"/api/deliveries/{other.pk}"):
        retry_delivery(failed)


def test_a_second_send_joins_the_one_under_way() -> None:
    first, is_new = start_delivery()
    again, is_new_again = start_delivery()
    assert (is_new, is_new_again) == (True, False)
    assert first == again


@pytest.mark.django_db(transaction=True)
def test_one_process_at_a_time_works_on_a_delivery(partner: Partner) -> None:
    CustomerFactory()
    with lock_held_elsewhere("delivery"):
        delivery = send()
    assert (delivery.status, partner.received) == ("preparing", [])


def test_a_delivery_cut_off_while_preparing_goes_on_where_it_was(partner: Partner) -> None:
    customers = CustomerFactory.create_batch(5)
    delivery = send(seconds=0)
    assert (delivery.status, delivery.batches.count()) == ("preparing", 0)
    deliver_due()
    assert last_names(partner) == [customer.last_name for customer in customers]


def test_out_of_time_the_rest_is_left_to_a_worker(partner: Partner) -> None:
    CustomerFactory.create_batch(5)
    partner.fail_next(Fault(hang_seconds=0.4, answers=True), Fault(hang_seconds=0.4, answers=True))
    delivery = send(seconds=0.6)
    assert delivery.status == "sending"
    assert Schedule.objects.filter(func="inflight.tasks.deliver_due", schedule_type=Schedule.ONCE).exists()
    deliver_due()
    delivery.refresh_from_db()
    assert delivery.status == "delivered"
    assert len(partner.customers) == 5
