"""Exporting and erasing a person: by the API, in the admin, on the command line, by age; and who has to wait for whom."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from rest_framework.test import APIClient

from config.core.json import dumps
from config.core.locks import exclusive
from inflight.exceptions import ErasureMustWait, UnknownCustomer
from inflight.imports.erased import digest_of
from inflight.models import (
    Customer,
    Delivery,
    DeliveryAttempt,
    DeliveryBatch,
    Erasure,
    ImportReject,
    ImportRun,
    Pickup,
    Purchase,
)
from inflight.selectors import outgoing_customers
from inflight.services import people
from inflight.services.deliveries import deliver, start_delivery
from inflight.services.people import drop_old_rejects, erase_customer, erase_expired_customers
from inflight.services.traces import Person
from inflight.services.turns import LOCK, an_erasure_waits, erasing
from inflight.services.uploads import drop_old_uploads
from tests.config.processes import run_and_kill
from tests.factories import CustomerFactory, PurchaseFactory
from tests.fakes.faulty import Fault, Received, wait_until
from tests.fakes.partner import Partner
from tests.inflight import marked
from tests.inflight.conftest import CUSTOMER_HEADER, CUSTOMERS, PURCHASE_HEADER, PURCHASES, Import, send

pytestmark = pytest.mark.django_db
commits = pytest.mark.django_db(transaction=True)

TOKEN = {"Authorization": "Bearer test-token"}
LONG_AGO = timezone.now() - timedelta(days=400)


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    return client


# --- The API -------------------------------------------------------------------------------------------------------


def test_erasing_and_exporting_need_a_token_though_the_server_is_open(api: APIClient) -> None:
    CustomerFactory(customer_id="1")
    assert api.get("/api/customers/1").status_code == 200
    assert api.get("/api/customers/1/export").status_code == 401
    assert api.delete("/api/customers/1").status_code == 401
    assert Customer.objects.exists()


def test_a_customer_is_erased_once_by_the_api(api: APIClient) -> None:
    PurchaseFactory(customer__customer_id="a/1", purchase_identifier="2/01")
    answer = api.delete("/api/customers/a/1", headers=TOKEN)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get("/api/purchases/2/01").json()["customer_id"] is None
    assert Erasure.objects.get().requested_by == "api-token"
    for call in (api.delete, api.get):
        assert call("/api/customers/a/1", headers=TOKEN).status_code == 404
    assert api.get("/api/customers/a/1/export", headers=TOKEN).json()["detail"].startswith("Nothing is kept")


def test_a_customer_who_changed_meanwhile_is_not_erased_by_an_old_etag(api: APIClient) -> None:
    customer = CustomerFactory(customer_id="1")
    etag = api.get("/api/customers/1")["ETag"]
    Customer.objects.filter(pk=customer.pk).update(email="new@x.fr")
    assert api.delete("/api/customers/1", headers=TOKEN | {"If-Match": etag}).status_code == 412
    assert api.delete("/api/customers/1", headers=TOKEN | {"If-Match": "*"}).status_code == 204


def test_an_export_is_json_of_all_that_is_kept(api: APIClient) -> None:
    PurchaseFactory(customer__customer_id="a/1", purchase_identifier="2/01", price="91.2")
    export = api.get("/api/customers/a/1/export", headers=TOKEN).json()
    assert (export["customer"]["customer_id"], export["customer"]["city"]) == ("a/1", "Cannes")
    assert [(each["purchase_identifier"], each["price"]) for each in export["purchases"]] == [("2/01", 91.2)]
    assert export["deliveries"] == export["rejects"] == export["admin_log"] == export["mentions"] == []


def test_somebody_whose_rows_were_all_rejected_is_exported_and_erased(do_import: Import, api: APIClient) -> None:
    do_import([CUSTOMER_HEADER, "7;9;Galante;Marie;;;m@fr.fr"], [PURCHASE_HEADER])
    export = api.get("/api/customers/7/export", headers=TOKEN).json()
    assert (export["customer"], [row["raw"] for row in export["rejects"]]) == (None, ["7;9;Galante;Marie;;;m@fr.fr"])
    assert api.delete("/api/customers/7", headers=TOKEN).status_code == 204
    assert api.delete("/api/customers/7", headers=TOKEN).status_code == 404
    assert "Galante" not in str(list(ImportReject.objects.values()))


# --- Imports of old files ------------------------------------------------------------------------------------------


def test_an_old_file_does_not_bring_a_person_back(do_import: Import) -> None:
    malformed = "2;1;Galante;Marie;06400;Cannes;m@fr.fr;and;more"
    do_import()
    erase_customer("2", requested_by="")
    run = do_import([*CUSTOMERS, malformed], [*PURCHASES, "2/09;2;0071;none;1;EUR;2024-11-03"])
    assert run.customers
    assert run.purchases
    assert (run.status, run.customers["rejected"], run.purchases["rejected"]) == ("completed_with_rejects", 2, 2)
    assert [
        (reject.file, reject.line, reject.reasons[0]["code"], reject.raw, reject.row) for reject in run.rejects.order_by("pk")
    ] == [
        ("customers", 3, "erased", "", {}), ("customers", 4, "erased", "", {}),
        ("purchases", 4, "erased", "", {}), ("purchases", 5, "erased", "", {}),
    ]  # fmt: skip
    assert "Galante" not in str(list(ImportReject.objects.values()))
    assert list(Customer.objects.values_list("pk", flat=True)) == ["1"]
    assert Purchase.objects.get(pk="2/03").customer is None


def test_a_sale_of_an_erased_person_may_turn_out_to_be_somebody_elses(do_import: Import) -> None:
    do_import()
    erase_customer("2", requested_by="")
    run = do_import(CUSTOMERS[:2], [PURCHASE_HEADER, "2/03;1;0071;1;0;EUR;2024-11-03"])
    assert run.purchases
    assert run.purchases["updated"] == 1
    assert Purchase.objects.get(pk="2/03").customer_id == "1"


@commits
def test_many_erased_persons_in_one_file_are_refused_with_more_than_one_statement(do_import: Import) -> None:
    people_ = [f"P{n:04d};2;Last{n};First;;;" for n in range(1200)]
    do_import([CUSTOMER_HEADER, *people_], [PURCHASE_HEADER])
    for n in range(1100):
        Erasure.objects.create(digest=digest_of(f"P{n:04d}"), erased={})
    Customer.objects.all().delete()
    run = do_import([CUSTOMER_HEADER, *people_], [PURCHASE_HEADER])
    assert run.customers
    assert (run.customers["inserted"], run.customers["rejected"]) == (100, 1100)


def test_an_erased_person_who_comes_back_is_admitted_again_by_hand(do_import: Import) -> None:
    do_import()
    call_command("erase_customer", "2", stdout=(said := StringIO()))
    assert "1 purchases unlinked" in said.getvalue()
    call_command("erase_customer", "2", "--readmit", stdout=StringIO())
    do_import()
    assert Purchase.objects.get(pk="2/03").customer_id == "2"
    assert Erasure.objects.get().digest == ""
    with pytest.raises(CommandError, match="Nobody with this id"):
        call_command("erase_customer", "2", "--readmit")


def test_the_command_says_when_there_is_nobody_to_erase() -> None:
    with pytest.raises(CommandError, match="Nothing is kept"):
        call_command("erase_customer", "nobody")


# --- The admin -----------------------------------------------------------------------------------------------------


def test_the_admin_says_what_it_erases_and_keeps_no_name_of_whom(admin: Client) -> None:
    CustomerFactory(customer_id="QX-1", last_name="Zwölfaxing")
    page = "/admin/inflight/customer/QX-1/"
    asked = admin.get(f"{page}erase/").content.decode()
    assert ("Zwölfaxing" in asked, "cannot be undone" in asked) == (True, True)
    assert Customer.objects.exists()
    answer = admin.post(f"{page}erase/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/inflight/customer/")
    told = f"{answer.cookies}{admin.get('/admin/inflight/customer/').content.decode()}"
    assert ("Erased: " in told, "QX-1" in told, "Zwölfaxing" in told) == (True, False, False)
    assert list(LogEntry.objects.values_list("object_id", "object_repr", "change_message")) == [
        ("", "(erased)", "Erase this person")
    ]
    assert (Customer.objects.exists(), Erasure.objects.get().requested_by) == (False, "olga")
    assert "1 customers" in admin.get("/admin/inflight/erasure/").content.decode()


def test_the_list_asks_before_it_erases_those_that_are_chosen(admin: Client) -> None:
    CustomerFactory.create_batch(3)
    chosen = {"action": "erase", "_selected_action": [customer.pk for customer in Customer.objects.all()[:2]]}
    assert "cannot be undone" in admin.post("/admin/inflight/customer/", chosen).content.decode()
    assert Customer.objects.count() == 3
    admin.post("/admin/inflight/customer/", chosen | {"asked": "yes"})
    assert (Customer.objects.count(), Erasure.objects.count()) == (1, 2)


def test_the_admin_exports_a_person_and_deletes_nobody(admin: Client) -> None:
    CustomerFactory(customer_id="QX-1", city="Xanthippe")
    answer = admin.post("/admin/inflight/customer/QX-1/export/")
    assert answer.json()[0]["customer"]["city"] == "Xanthippe"
    assert "attachment" in answer["Content-Disposition"]
    assert admin.post("/admin/inflight/customer/QX-1/delete/", {"post": "yes"}).status_code == 403


def test_a_sale_without_a_customer_is_shown_as_such(admin: Client) -> None:
    purchase = PurchaseFactory(customer=None)
    assert "erased" in admin.get("/admin/inflight/purchase/").content.decode()
    assert admin.get(f"/admin/inflight/purchase/{purchase.pk.replace('/', '_2F')}/change/").status_code == 200


# --- Turns ---------------------------------------------------------------------------------------------------------


@contextmanager
def held(lock: str) -> Iterator[None]:
    """Hold a lock as another process would."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(lock):
            taken.set()
            done.wait(20)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


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
    with held(lock):
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


def in_a_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_batch_of_which_nobody_is_left_ends_with_its_delivery(partner: Partner) -> None:
    CustomerFactory(customer_id="1")
    partner.down = True
    delivery = deliver(start_delivery()[0], seconds=0.1)
    erasure = erase_customer("1", requested_by="")
    assert erasure.erased["batches_perhaps_sent"] == 1
    before = len(partner.received)
    delivery = deliver(delivery, seconds=1)
    batch = delivery.batches.get()
    assert (delivery.status, len(partner.received)) == ("delivered", before)
    assert (batch.status, batch.customers, batch.payload, batch.customer_ids) == ("acknowledged", 0, None, None)
    assert "it was not sent" in batch.last_error


# --- Killed --------------------------------------------------------------------------------------------------------

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


# --- Retention -----------------------------------------------------------------------------------------------------


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
    with held("import"):
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


# --- Who is meant --------------------------------------------------------------------------------------------------

ANN = Person("12", "ann@x.fr", "Lee", "Ann")


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("<ANN@x.fr> is unknown", True),
        ("ann@x.fr.", True),
        ("joann@x.fr, ann@x.france, ann@x.fr.example", False),
        ("Lee, Ann", True),
        ("ann-lee, annual, leeward", False),
        ("12 is not found", False),
    ],
)
def test_a_text_names_somebody_by_whole_words(text: str, is_named: bool) -> None:
    assert ANN.is_in(text) is is_named


@pytest.mark.parametrize(
    ("raw", "row", "is_about"),
    [
        ("12;x", {"customer_id": " 12 ", "title": "x"}, True),
        ("7;12", {"customer_id": "7", "quantity": "12"}, False),
        ('"12";too;many', {}, True),
        ("7;12x", {}, False),
        ("7;LEE;ann", {"customer_id": "7", "lastname": "LEE", "firstname": "ann"}, True),
        ("7;Lee;Bob", {"customer_id": "7", "lastname": "Lee", "firstname": "Bob"}, False),
        ("7;;Ann@X.fr", {"customer_id": "7", "email": "Ann@X.fr"}, True),
    ],
)
def test_a_row_is_about_somebody_by_their_id_address_or_both_names(
    raw: str, row: dict[str, str], is_about: bool
) -> None:
    assert ANN.is_in_row(raw, row) is is_about


def test_a_person_of_whom_only_the_id_is_known_is_in_no_others_texts() -> None:
    nobody = Person("123456")
    assert nobody.is_in("Key (customer_id)=(123456)")
    assert not nobody.is_in("1234567 and blanks")
    with pytest.raises(UnknownCustomer):
        erase_customer("123456", requested_by="")
