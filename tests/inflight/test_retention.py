"""What is kept of people goes when it is old, and waits its turn."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from config.api.imports.folders import drop_old_uploads
from inflight.models import (
    Customer,
    Erasure,
    ImportReject,
    ImportRun,
    Pickup,
)
from inflight.services import people
from inflight.services.deliveries import start_delivery
from inflight.services.people import drop_old_rejects, erase_expired_customers
from inflight.services.turns import an_erasure_waits
from tests.factories import CustomerFactory, PurchaseFactory
from tests.fakes.faulty import wait_until
from tests.inflight.conftest import CUSTOMERS, PURCHASE_HEADER, Import
from tests.sessions import in_a_thread, lock_held_elsewhere

pytestmark = pytest.mark.django_db
commits = pytest.mark.django_db(transaction=True)

TOKEN = {"Authorization": "Bearer test-token"}
LONG_AGO = timezone.now() - timedelta(days=400)


def age(*customers: str) -> None:
    Customer.objects.filter(pk__in=customers).update(changed_at=LONG_AGO)


def test_who_neither_changed_nor_bought_for_long_is_erased_and_may_come_again(settings: Any, do_import: Import) -> None:
    settings.CUSTOMER_RETENTION_DAYS = 365
    CustomerFactory(customer_id="new")
    PurchaseFactory(customer__customer_id="buys", purchased_on=timezone.now().date())
    PurchaseFactory(customer__customer_id="1", purchased_on=LONG_AGO.date())
    age("1", "buys")
    erase_expired_customers()
    assert set(Customer.objects.values_list("pk", flat=True)) == {"new", "buys"}
    assert list(Erasure.objects.values_list("requested_by", "digest")) == [("CUSTOMER_RETENTION_DAYS", "")]
    do_import()
    assert Customer.objects.filter(pk="1").exists()


def test_customers_are_kept_where_no_retention_is_set() -> None:
    CustomerFactory(customer_id="1")
    age("1")
    erase_expired_customers()
    assert Customer.objects.exists()


def test_a_portion_that_is_too_large_for_a_task_is_gone_on_with_by_the_next(settings: Any) -> None:
    settings.CUSTOMER_RETENTION_DAYS = 365
    age(*[customer.pk for customer in CustomerFactory.create_batch(3)])
    erase_expired_customers(seconds=0)
    assert (Customer.objects.count(), OrmQ.objects.count()) == (3, 1)
    erase_expired_customers()
    erase_expired_customers()
    assert (Customer.objects.count(), OrmQ.objects.count()) == (0, 2)


def test_a_retention_waits_for_the_delivery_under_way(settings: Any) -> None:
    settings.CUSTOMER_RETENTION_DAYS = 365
    CustomerFactory(customer_id="1")
    age("1")
    start_delivery()
    erase_expired_customers()
    assert Customer.objects.exists()
    assert Schedule.objects.get(schedule_type=Schedule.ONCE).func == people.EXPIRE_TASK


@commits
def test_who_is_imported_while_a_retention_waits_stays(settings: Any) -> None:
    settings.CUSTOMER_RETENTION_DAYS = 365
    CustomerFactory(customer_id="1")
    age("1")
    with lock_held_elsewhere("import"):
        expiry = in_a_thread(erase_expired_customers)
        wait_until(an_erasure_waits, what="the retention")
        Customer.objects.update(changed_at=timezone.now())
    expiry.join(20)
    assert (Customer.objects.count(), Erasure.objects.count()) == (1, 0)


def test_an_import_says_when_it_made_or_changed_a_customer(do_import: Import) -> None:
    do_import()
    age("1", "2")
    do_import([CUSTOMERS[0], CUSTOMERS[1], CUSTOMERS[2].replace("Cannes", "Nice")])
    old, changed = Customer.objects.order_by("pk")
    assert (old.changed_at, changed.changed_at > timezone.now() - timedelta(minutes=5)) == (LONG_AGO, True)


def test_rejects_are_dropped_when_they_are_old(do_import: Import, settings: Any) -> None:
    settings.REJECT_RETENTION_DAYS = 90
    rejected = [PURCHASE_HEADER, "1;nobody;P;1;1;EUR;2024-01-01"]
    old, recent = do_import(purchases=rejected), do_import(purchases=rejected)
    ImportRun.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=91))
    failed = ImportRun.objects.create(status="failed", error="its header is: Galante", created_at=LONG_AGO)
    drop_old_rejects()
    assert list(ImportReject.objects.values_list("run", flat=True)) == [recent.pk]
    failed.refresh_from_db()
    assert failed.error == ""
    old.refresh_from_db()
    assert old.purchases
    assert old.purchases["rejected"] == 1


def test_errors_of_pickups_are_dropped_when_they_are_old(settings: Any) -> None:
    settings.REJECT_RETENTION_DAYS = 90
    for key, days, status in (("old", 91, "failed"), ("recent", 89, "failed"), ("to be moved", 91, "moving")):
        created_at = timezone.now() - timedelta(days=days)
        Pickup.objects.create(key=key, status=status, error="its header is: Galante", created_at=created_at)
    drop_old_rejects()
    assert list(Pickup.objects.filter(error="").values_list("key", flat=True)) == ["old"]


def test_uploads_are_kept_for_as_long_as_is_set(settings: Any) -> None:
    folder = Path(settings.IMPORT_UPLOADS) / "a"
    folder.mkdir(parents=True)
    os.utime(folder, (0, (timezone.now() - timedelta(days=2)).timestamp()))
    settings.UPLOAD_RETENTION_DAYS = 3
    drop_old_uploads()
    assert folder.exists()
    settings.UPLOAD_RETENTION_DAYS = 1
    drop_old_uploads()
    assert not folder.exists()


def test_a_copy_that_its_import_removes_meanwhile_is_no_error(settings: Any) -> None:
    folder = Path(settings.IMPORT_UPLOADS)
    folder.mkdir(parents=True)
    (folder / "copy").symlink_to(folder / "removed")  # listed, and not there when it is looked at
    drop_old_uploads()
    assert [each.name for each in folder.iterdir()] == ["copy"]
