"""An erasure and what else goes on: who waits for whom, and what a killed erasure leaves."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import Schedule
from rest_framework.test import APIClient

from config.core.json import dumps
from config.core.locks import exclusive
from inflight.exceptions import ErasureMustWait
from inflight.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryBatch,
    Erasure,
    ImportRun,
)
from inflight.selectors import outgoing_customers
from inflight.services import people
from inflight.services.deliveries import deliver, start_delivery
from inflight.services.people import erase_customer
from inflight.services.turns import LOCK, erasing
from tests.config.processes import run_and_kill
from tests.factories import CustomerFactory, PurchaseFactory
from tests.fakes.faulty import Fault, Received, wait_until
from tests.fakes.partner import Partner
from tests.inflight import marked
from tests.inflight.conftest import send
from tests.sessions import in_a_thread, lock_held_elsewhere

pytestmark = pytest.mark.django_db
commits = pytest.mark.django_db(transaction=True)

TOKEN = {"Authorization": "Bearer test-token"}
LONG_AGO = timezone.now() - timedelta(days=400)


@commits
@pytest.mark.parametrize(
    ("lock", "what"),
    [("erasure", "Another erasure"), ("import", "An import"), ("delivery", "Customers are being sent")],
)
def test_an_erasure_says_what_it_waits_for(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, lock: str, what: str
) -> None:
    monkeypatch.setattr(people, "WAIT_SECONDS", 0.1)
    CustomerFactory(customer_id="1")
    with lock_held_elsewhere(lock):
        answer = api.delete("/api/customers/1", headers=TOKEN)
    assert (answer.status_code, answer["Retry-After"], answer.json()["detail"].startswith(what)) == (409, "10", True)
    assert api.delete("/api/customers/1", headers=TOKEN).status_code == 204


def test_a_kept_answer_that_names_the_person_is_told_anew(api: APIClient, partner: Partner) -> None:
    CustomerFactory(customer_id="QX-11")
    partner.fail_next(Fault(status=422, body=b"QX-11 is not welcome"))
    keys = [{"Idempotency-Key": "new"}, {"Idempotency-Key": "under-way"}]
    for key in keys:
        Delivery.objects.update(status="waiting")  # the second finds one under way, and makes none
        assert "QX-11" in api.post("/api/send-customers", headers=key).content.decode()
    erase_customer("QX-11", requested_by="")
    again = [api.post("/api/send-customers", headers=key).json() for key in keys]
    assert "it was not sent" in again[0]["batches"][0]["last_error"]
    assert again[1] == {}
    assert Delivery.objects.count() == 1


def test_what_was_said_of_the_batch_that_the_persons_was_split_from_is_erased(partner: Partner) -> None:
    for key, name in (("1", "Ångström"), ("2", "Galante")):
        CustomerFactory(customer_id=key, last_name=name)
    partner.fail_next(Fault(status=413, body=b'{"too_large": "\\u00c5ngstr\\u00f6m"}'))
    assert send().status == "delivered"
    whole = DeliveryBatch.objects.get(status="split")
    DeliveryBatch.objects.filter(pk=whole.pk).update(last_error="413 for Angstroem")
    erase_customer("1", requested_by="")
    whole.refresh_from_db()
    assert whole.last_error == "(erased)"
    assert [attempt.answer for attempt in DeliveryAttempt.objects.filter(batch=whole)] == ["(erased)"]
    assert "ngstr" not in str(list(DeliveryAttempt.objects.values()))


def test_an_import_that_waits_goes_first() -> None:
    CustomerFactory(customer_id="1")
    ImportRun.objects.create(status="queued", customers_file_path="a", purchased_file_path="b")
    with pytest.raises(ErasureMustWait, match="queued"):
        erase_customer("1", requested_by="")


def test_the_uploads_of_an_import_that_died_go_too(settings: Any) -> None:
    CustomerFactory(customer_id="1")
    folder = Path(settings.IMPORT_UPLOADS) / "a"
    folder.mkdir(parents=True)
    (folder / "customers.csv").write_text("1;;;;;;")
    ImportRun.objects.create(
        status="running", customers_file_path=str(folder.resolve() / "customers.csv"), purchased_file_path=""
    )
    erase_customer("1", requested_by="")
    assert (folder.exists(), ImportRun.objects.get().status) == (False, "interrupted")


def somebody_erases() -> bool:
    """Return whether the lock is held for longer than the sender's look at it takes."""
    with exclusive(LOCK, wait_seconds=0.3) as free:
        return not free


@commits
@pytest.mark.parametrize(
    ("who", "kind", "arrive"), [(5, "batches_not_sent", [0, 1, 2, 3, 4, 6, 7, 8]), (1, "batches_sent", list(range(9)))]
)
def test_a_delivery_under_way_lets_the_erasure_pass_and_ends(
    partner: Partner, settings: Any, who: int, kind: str, arrive: list[int]
) -> None:
    """Of those in the attempt that is under way nobody can be called back."""
    settings.DELIVERY_BATCH_SIZE, settings.SEND_BUDGET_SECONDS = 2, 20
    for n in range(9):
        PurchaseFactory(customer__customer_id=f"C{n}", customer__last_name=f"Last{n}")
    delivery, _ = start_delivery()
    under_way, prepared = threading.Event(), threading.Event()

    def wait_for_the_erasure(_: Received) -> None:
        if not under_way.is_set():
            under_way.set()
            assert prepared.wait(20)
            wait_until(somebody_erases, what="an erasure")
            connections.close_all()

    partner.on_received = wait_for_the_erasure
    sender = in_a_thread(lambda: deliver(delivery, seconds=30))
    assert under_way.wait(20)
    wait_until(lambda: Delivery.objects.get().status == "sending", what="the end of its preparation")
    prepared.set()
    erasure = erase_customer(f"C{who}", requested_by="ana")
    sender.join(30)

    assert {name: erasure.erased[name] for name in erasure.erased if name.startswith("batches")} == {
        "batches_sent": 0, "batches_not_sent": 0, "batches_perhaps_sent": 0,
    } | {kind: 1}  # fmt: skip
    assert len(partner.accepted) == 1, "it stopped after the attempt that was under way"
    delivery.refresh_from_db()
    assert (delivery.status, Schedule.objects.filter(schedule_type=Schedule.ONCE).exists()) == ("sending", True)
    assert deliver(delivery, seconds=30).status == "delivered"
    assert [each["last_name"] for each in partner.customers] == [f"Last{n}" for n in arrive]
    assert partner.repeats == []
    assert f"Last{who}" not in str([bytes(batch.payload or b"") for batch in DeliveryBatch.objects.all()])


@commits
def test_a_delivery_does_not_begin_while_somebody_erases(partner: Partner) -> None:
    CustomerFactory()
    delivery, _ = start_delivery()
    with erasing(wait_seconds=1):
        in_a_thread(lambda: deliver(delivery, seconds=5)).join(20)
    assert (partner.received, DeliveryBatch.objects.exists()) == ([], False)
    assert deliver(delivery, seconds=5).status == "delivered"


def test_a_delivery_that_is_half_prepared_goes_on_behind_the_person(partner: Partner) -> None:
    customers = [CustomerFactory(customer_id=f"C{n}", last_name=f"Last{n}") for n in range(4)]
    delivery = Delivery.objects.create(prepared_through="C1")
    for number, customer in enumerate(customers[:2], start=1):
        DeliveryBatch.objects.create(
            delivery=delivery, number=number, customers=1, payload=dumps(outgoing_customers([customer])),
            customer_ids=[customer.pk],
        )  # fmt: skip
    erase_customer("C1", requested_by="")
    delivery.refresh_from_db()
    assert (delivery.status, delivery.prepared_through) == ("preparing", "C0")
    assert deliver(delivery, seconds=10).status == "delivered"
    assert [each["last_name"] for each in partner.customers] == ["Last0", "Last2", "Last3"]
    assert [batch.customers for batch in delivery.batches.order_by("number")] == [1, 0, 2]


def test_a_batch_of_which_nobody_is_left_ends_with_its_delivery(partner: Partner) -> None:
    CustomerFactory(customer_id="1")
    partner.down = True
    delivery = deliver(start_delivery()[0], seconds=0.5)
    erasure = erase_customer("1", requested_by="")
    assert erasure.erased["batches_perhaps_sent"] == 1
    before = len(partner.received)
    delivery = deliver(delivery, seconds=1)
    batch = delivery.batches.get()
    assert (delivery.status, len(partner.received)) == ("delivered", before)
    assert (batch.status, batch.customers, batch.payload, batch.customer_ids) == ("acknowledged", 0, None, None)
    assert "it was not sent" in batch.last_error


KILL = """
from inflight.services import people, traces
def die(*_, **__):
    os.kill(os.getpid(), 9)
{where} = die
people.erase_customer({id!r}, requested_by="")
"""


@commits
@pytest.mark.parametrize(
    "where",
    ["people.drop_uploads", "traces.erase_from_batches", "people._erase_row", "people.Erasure.objects.create"],
)
def test_an_erasure_that_is_killed_has_erased_nothing_of_the_database_and_is_asked_for_again(
    partner: Partner, tmp_path: Path, settings: Any, where: str
) -> None:
    marked.fill(partner, tmp_path)
    before = marked.columns_with_marks()
    run_and_kill(KILL.format(where=where, id=marked.ID), IMPORT_UPLOADS=settings.IMPORT_UPLOADS)
    assert marked.columns_with_marks() == before
    assert not Erasure.objects.exists()

    erase_customer(marked.ID, requested_by="")

    assert (marked.columns_with_marks(), marked.files_with_marks(tmp_path / "uploads")) == ({}, [])
