"""What a pickup changed is sent at once, where IMPORT_THEN_SEND says so."""

from pathlib import Path
from typing import Any

import pytest

from inflight.models import Delivery, Pickup
from inflight.services.deliveries import deliver_due, start_delivery
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, PURCHASE_HEADER, PURCHASES
from tests.inflight.pickup.conftest import Drop, look, names

pytestmark = pytest.mark.django_db


def test_what_was_changed_is_sent(inbox: Path, drop: Drop, partner: Partner) -> None:
    drop()
    [pickup] = look(inbox, then_send=True).ended
    assert (pickup.status, pickup.delivery, Delivery.objects.get().only) == ("done", Delivery.objects.get(), "changed")
    deliver_due()
    assert len(partner.customers) == 2


def test_an_import_that_changed_nothing_sends_nothing(inbox: Path, drop: Drop) -> None:
    drop("a-")
    look(inbox)
    drop("b-", purchases=[*PURCHASES, ""])
    [pickup] = look(inbox, then_send=True).ended
    assert (pickup.status, pickup.delivery) == ("done", None)
    assert not Delivery.objects.exists()


def test_what_changed_while_a_delivery_is_under_way_is_sent_when_it_has_ended(
    inbox: Path, drop: Drop, partner: Partner, settings: Any
) -> None:
    settings.DELIVERY_SCHEDULE = [0]
    drop("a-")
    look(inbox, then_send=True)
    partner.down = True
    deliver_due()  # its batches are made, and wait
    drop("b-", customers=[CUSTOMER_HEADER, "7;2;Late;Lola;;;"], purchases=[PURCHASE_HEADER])
    assert look(inbox, then_send=True).ended == []
    assert Pickup.objects.get(status="sending").names == ["b-customers.csv", "b-purchases.csv"]
    assert names(inbox) == [], "the files do not wait"
    partner.down = False
    deliver_due()
    [late] = look(inbox, then_send=True).ended
    deliver_due()
    assert (late.status, late.delivery_id) == ("done", Delivery.objects.latest("pk").pk)
    assert [customer["last_name"] for customer in partner.customers] == ["Norris", "Galante", "Late"]


def test_pairs_that_wait_are_sent_together(inbox: Path, drop: Drop, partner: Partner) -> None:
    start_delivery()
    for start, key in (("a-", "7"), ("b-", "8")):
        drop(start, customers=[CUSTOMER_HEADER, f"{key};2;Late;Lola;;;"], purchases=[PURCHASE_HEADER])
    assert look(inbox, then_send=True).ended == []
    deliver_due()
    ended = look(inbox, then_send=True).ended
    assert len({pickup.delivery_id for pickup in ended}) == 1
    assert Delivery.objects.count() == 2
