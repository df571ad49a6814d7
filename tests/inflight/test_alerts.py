"""What people are told of imports and deliveries."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import resolve
from django.utils import timezone

from config.models import Alert
from config.monitoring.alerts.rounds import check_alerts
from inflight.models import Customer, Delivery, DeliveryBatch, ImportRun, Pickup
from inflight.services.deliveries import deliver, retry_delivery, send_again, start_delivery
from inflight.services.imports import mark_interrupted_imports, queue_import, run_queued_imports
from inflight.services.pickup import pick_up
from tests.alerting import HOUR, MINUTE, receiving, worker_beats_for_ever
from tests.factories import CustomerFactory
from tests.fakes.alert_receiver import AlertReceiver
from tests.fakes.faulty import Fault
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, PURCHASES, Import, send
from tests.inflight.pickup.conftest import put

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[AlertReceiver]:
    worker_beats_for_ever()
    with receiving(settings) as server:
        yield server


def told(receiver: AlertReceiver, now: datetime | None = None) -> list[dict[str, Any]]:
    """Make a round; return what was told by it."""
    before = len(receiver.alerts)
    check_alerts(now)
    return receiver.alerts[before:]


def test_an_import_with_rejects_is_told_once_without_what_the_rows_say(
    receiver: AlertReceiver, do_import: Import
) -> None:
    run = do_import([CUSTOMER_HEADER, "1;9;Norris;Chuck;83600;Fréjus;chuck@norris.com"], PURCHASES)
    (alert,) = told(receiver)
    assert alert["kind"] == "happened"
    assert (alert["severity"], alert["title"]) == ("warning", f"Import {run.pk} ended with rejected rows: 4")
    assert alert["detail"] == "customers.csv: rejected 1 of 1\npurchases.csv: rejected 3 of 3"
    assert "orris" not in str(receiver.received[0].body)
    assert resolve(alert["url"]).kwargs == {"object_id": str(run.pk)}
    assert told(receiver) == []
    assert told(receiver, timezone.now() + 3 * HOUR) == []


def test_a_good_import_is_not_told_nor_is_a_rehearsal(receiver: AlertReceiver, do_import: Import) -> None:
    do_import()
    do_import([CUSTOMER_HEADER, "3;9;;;;;"], dry_run=True)
    assert told(receiver) == []


def test_an_import_that_failed_is_told(receiver: AlertReceiver, write: Callable[..., str], settings: Any) -> None:
    run = queue_import(
        customers_path=write("customers.csv", [CUSTOMER_HEADER, "1;2;Norris;;;;"]),
        purchases_path=write("purchases.csv", PURCHASES),
        roots=settings.IMPORT_ROOTS,
    )
    write("purchases.csv", b"")
    run_queued_imports()
    (alert,) = told(receiver)
    assert (alert["severity"], alert["title"]) == ("error", f"Import {run.pk} failed")
    assert alert["detail"] == "customers.csv and purchases.csv: nothing was imported. The import's page says why."


def test_an_import_whose_process_died_is_told(receiver: AlertReceiver) -> None:
    run = ImportRun.objects.create(status="running", customers_file_path="/a/c.csv", purchased_file_path="/a/p.csv")
    assert told(receiver) == []
    mark_interrupted_imports()
    assert [alert["title"] for alert in told(receiver)] == [f"Import {run.pk} was interrupted"]


def test_imports_of_long_ago_are_not_told(receiver: AlertReceiver) -> None:
    long_ago = timezone.now() - timedelta(days=1, minutes=1)
    ImportRun.objects.create(status="failed", created_at=long_ago, finished_at=long_ago)
    assert told(receiver) == []


def pickup(status: str, **fields: Any) -> Pickup:
    names = {"customers_name": "AF12-customers.csv", "purchases_name": "AF12-purchases.csv"}
    return Pickup.objects.create(status=status, inbox="/inbox", key="AF12-*.csv", **names, **fields)


def test_a_pickup_that_failed_is_told_once_without_what_the_file_says(
    receiver: AlertReceiver, settings: Any, tmp_path: Path
) -> None:
    settings.IMPORT_INBOX = str(tmp_path)
    put(tmp_path, "AF12-", ["Galante;Marie", "1;2"], PURCHASES, marked=True)
    pick_up()
    (alert,) = told(receiver)
    failed = Pickup.objects.get(status="failed", run=None)
    assert "Galante" in failed.error
    assert (alert["kind"], alert["severity"], alert["title"]) == ("happened", "error", f"Pickup {failed.pk} failed")
    assert alert["detail"].startswith("AF12-customers.csv and AF12-purchases.csv: nothing was imported.")
    assert "Galante" not in str(receiver.received[0].body)
    assert resolve(alert["url"]).kwargs == {"object_id": str(failed.pk)}
    assert told(receiver, timezone.now() + 3 * HOUR) == []


def test_a_pickup_that_was_given_up_is_told_beside_its_interrupted_import(receiver: AlertReceiver) -> None:
    now = timezone.now()
    run = ImportRun.objects.create(status="interrupted", finished_at=now, created_at=now)
    given_up = pickup("failed", finished_at=now, run=run)
    assert {alert["title"] for alert in told(receiver)} == {
        f"Import {run.pk} was interrupted",
        f"Pickup {given_up.pk} failed",
    }


def test_a_failed_import_of_a_pickup_is_told_once(receiver: AlertReceiver) -> None:
    now = timezone.now()
    run = ImportRun.objects.create(status="failed", finished_at=now, created_at=now)
    pickup("failed", finished_at=now, run=run)
    pickup("failed", finished_at=now - timedelta(days=1, minutes=1))
    assert [alert["title"] for alert in told(receiver)] == [f"Import {run.pk} failed"]


def test_files_that_cannot_be_moved_are_told_after_an_hour_and_when_they_were(receiver: AlertReceiver) -> None:
    moving, now = pickup("moving"), timezone.now()
    assert told(receiver, now + 59 * MINUTE) == []
    (alert,) = told(receiver, now + 61 * MINUTE)
    assert alert["title"] == f"The files of pickup {moving.pk} cannot be moved out of the inbox"
    Pickup.objects.update(status="done")
    told_after = [told(receiver, now + (62 + n) * MINUTE) for n in range(10)]
    assert [alert["kind"] for each in told_after for alert in each] == ["recovered"]


def waiting_delivery(partner: Partner) -> Delivery:
    """Return a delivery that has met a partner who is away."""
    CustomerFactory()
    partner.down = True
    delivery = send()
    assert delivery.status == Delivery.Status.WAITING
    return delivery


def test_a_delivery_is_told_when_it_has_waited_for_an_hour_and_when_it_goes_on(
    receiver: AlertReceiver, partner: Partner
) -> None:
    delivery = waiting_delivery(partner)
    now = timezone.now()
    assert told(receiver, now + 59 * MINUTE) == []
    (alert,) = told(receiver, now + 61 * MINUTE)
    assert alert["title"] == f"Delivery {delivery.pk} has waited for the partner for more than an hour"
    assert alert["detail"] == (
        "Customers not delivered: 1. There was no answer. It is retried automatically; nobody needs to act unless this lasts."
    )
    assert resolve(alert["url"]).kwargs == {"object_id": str(delivery.pk)}

    Delivery.objects.update(status=Delivery.Status.SENDING, next_attempt_at=None)
    assert told(receiver, now + 62 * MINUTE) == [], "an attempt under way is no end of the wait"
    assert told(receiver, now + 70 * MINUTE) == []

    partner.down = False
    delivery.refresh_from_db()
    assert deliver(delivery, seconds=1).status == Delivery.Status.DELIVERED
    told_after = [told(receiver, now + (71 + n) * MINUTE) for n in range(10)]
    (recovered,) = [alert for each in told_after for alert in each]
    assert recovered["kind"] == "recovered"
    assert recovered["title"] == f"Delivery {delivery.pk} no longer waits for the partner"


def test_the_hour_begins_with_the_last_acknowledgement(receiver: AlertReceiver, partner: Partner) -> None:
    delivery, now = waiting_delivery(partner), timezone.now()
    Delivery.objects.update(tried_since=now - 5 * HOUR)
    DeliveryBatch.objects.create(
        delivery=delivery, number=2, payload=b"", customers=7, status="acknowledged", acknowledged_at=now - 30 * MINUTE
    )
    assert told(receiver, now) == []
    assert len(told(receiver, now + 31 * MINUTE)) == 1


def test_the_hour_of_an_old_delivery_begins_when_it_is_tried_anew(receiver: AlertReceiver, partner: Partner) -> None:
    CustomerFactory()
    delivery, now = deliver(start_delivery()[0], seconds=1), timezone.now()
    long_ago = now - timedelta(days=3)
    Delivery.objects.update(created_at=long_ago, tried_since=long_ago)
    partner.down = True
    assert deliver(send_again(delivery), seconds=0.3).status == Delivery.Status.WAITING
    assert told(receiver, now) == []
    assert len(told(receiver, now + 61 * MINUTE)) == 1


def test_a_delivery_that_waited_and_failed_is_told_as_failed_and_once_recovered(
    receiver: AlertReceiver, partner: Partner, settings: Any
) -> None:
    delivery, now = waiting_delivery(partner), timezone.now()
    assert len(told(receiver, now + 2 * HOUR)) == 1
    settings.DELIVERY_SCHEDULE = []
    assert deliver(delivery, seconds=1).status == Delivery.Status.FAILED
    assert [alert["title"] for alert in told(receiver, now + 3 * HOUR)] == [f"Delivery {delivery.pk} failed"]

    partner.down = False
    assert deliver(retry_delivery(delivery), seconds=1).status == Delivery.Status.DELIVERED
    told_after = [told(receiver, now + 3 * HOUR + n * MINUTE) for n in range(1, 10)]
    assert [alert["kind"] for each in told_after for alert in each] == ["recovered"]


def test_a_retry_that_meets_the_same_partner_is_no_recovery(
    receiver: AlertReceiver, partner: Partner, settings: Any
) -> None:
    delivery, now = waiting_delivery(partner), timezone.now()
    settings.DELIVERY_SCHEDULE = []
    deliver(delivery, seconds=1)
    assert len(told(receiver, now)) == 1
    settings.DELIVERY_SCHEDULE = [1000.0] * 9
    deliver(retry_delivery(delivery), seconds=1)
    later = [told(receiver, now + n * MINUTE) for n in range(1, 50)]
    assert [alert for each in later for alert in each] == []


def test_a_refusal_names_the_status_and_nothing_that_the_partner_said(
    receiver: AlertReceiver, partner: Partner
) -> None:
    CustomerFactory(last_name="Galante")
    partner.fail_next(Fault(status=422, body=b"Galante has no title"))
    delivery = send()
    assert delivery.status == Delivery.Status.FAILED
    (alert,) = told(receiver)
    assert "The last answer was 422." in alert["detail"]
    assert "Galante" not in str(receiver.received[0].body) + str(Alert.objects.values())


def test_a_failed_delivery_is_over_when_everyone_was_sent_anew(receiver: AlertReceiver, partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=422))
    send()
    assert len(told(receiver)) == 1
    send("changed")
    now = timezone.now()
    assert [told(receiver, now + n * MINUTE) for n in range(8)] == [[]] * 8, "its customers have not arrived"
    Customer.objects.update(needs_sending=True)
    assert send("all").status == Delivery.Status.DELIVERED
    later = [told(receiver, now + (10 + n) * MINUTE) for n in range(8)]
    assert [alert["kind"] for each in later for alert in each] == ["recovered"]


def test_a_delivery_under_way_is_not_told(receiver: AlertReceiver) -> None:
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    for status in (Delivery.Status.SENDING, Delivery.Status.DELIVERED):
        Delivery.objects.create(status=status, created_at=long_ago)
    assert told(receiver) == []
