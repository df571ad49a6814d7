"""What the partner is sent, to the byte, and for how long it is kept."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inflight.models import DeliveryBatch
from inflight.services.batches import drop_old_payloads
from inflight.services.deliveries import deliver, retry_delivery
from tests.factories import CustomerFactory, PurchaseFactory
from tests.fakes.faulty import Fault
from tests.fakes.partner import Partner
from tests.inflight.conftest import send

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zipped", [True, False])
def test_payloads_are_zipped_when_asked_and_stay_as_they_were_snapshot(
    partner: Partner, settings: Any, zipped: bool
) -> None:
    settings.DELIVERY_GZIP = zipped
    CustomerFactory(last_name="Łódź")
    partner.fail_next(Fault(status=422))
    delivery = send()
    settings.DELIVERY_GZIP = not zipped
    deliver(retry_delivery(delivery), seconds=1)
    first, second = partner.received
    assert first.body == second.body
    assert (gzip.decompress(first.body) if zipped else first.body) == json.dumps(
        partner.customers, ensure_ascii=False, separators=(",", ":")
    ).encode()


def test_old_payloads_of_acknowledged_batches_are_dropped_the_others_kept(partner: Partner, settings: Any) -> None:
    settings.DELIVERY_BATCH_SIZE = 2
    CustomerFactory.create_batch(6)
    partner.fail_next(Fault(), Fault(status=422))
    delivery = send()
    long_ago = timezone.now() - timedelta(days=settings.DELIVERY_RETENTION_DAYS + 1)
    delivery.batches.filter(number=1).update(acknowledged_at=long_ago)
    drop_old_payloads()
    kept = DeliveryBatch.objects.order_by("number").values_list("payload", flat=True)
    assert [payload is not None for payload in kept] == [False, True, True]


def test_purchases_come_by_date_then_identifier_in_the_partners_words(partner: Partner, settings: Any) -> None:
    settings.CURRENCY_NAMES = {"USD": "dollars", "EUR": "euros"}
    customer = CustomerFactory(customer_id="1", title="2", last_name="Norris", first_name="Chuck", email="")
    for identifier, day, price, currency in (
        ("b", "2024-11-03", "91.2000", "USD"),
        ("c", "2024-11-01", "10.0000", "EUR"),
        ("a", "2024-11-03", "0.0001", "GBP"),
    ):
        PurchaseFactory(
            customer=customer, purchase_identifier=identifier, purchased_on=day, price=price, currency=currency
        )
    CustomerFactory(customer_id="5", title="", last_name="", first_name="", email="")
    send()
    assert partner.received[0].body.decode() == (
        '[{"salutation":"M","last_name":"Norris","first_name":"Chuck","email":"","purchases":['
        '{"product_id":"0071","price":10,"currency":"euros","quantity":1,"purchased_at":"2024-11-01"},'
        '{"product_id":"0071","price":0.0001,"currency":"GBP","quantity":1,"purchased_at":"2024-11-03"},'
        '{"product_id":"0071","price":91.2,"currency":"dollars","quantity":1,"purchased_at":"2024-11-03"}]},'
        '{"salutation":"","last_name":"","first_name":"","email":"","purchases":[]}]'
    )
