"""Exporting and erasing a person by the API, in the admin, on the command line; imports of old files; who is meant."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from config.models import AuditEntry
from inflight.exceptions import UnknownCustomer
from inflight.imports.erased import digest_of
from inflight.models import (
    Customer,
    Erasure,
    ImportReject,
    Purchase,
)
from inflight.services.people import erase_customer
from inflight.services.traces import Person
from tests.factories import CustomerFactory, PurchaseFactory
from tests.inflight.conftest import CUSTOMER_HEADER, CUSTOMERS, PURCHASE_HEADER, PURCHASES, Import

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
    assert api.get("/api/customers/a/1/export", headers=TOKEN).json()["detail"].startswith("No data is stored")


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
    with pytest.raises(CommandError, match="No data is stored"):
        call_command("erase_customer", "nobody")


# --- The admin -----------------------------------------------------------------------------------------------------


def test_the_admin_says_what_it_erases_and_keeps_no_name_of_whom(admin: Client) -> None:
    CustomerFactory(customer_id="QX-1", last_name="Zwölfaxing")
    page = "/admin/inflight/customer/QX-1/"
    asked = admin.get(f"{page}erase/").content.decode()
    assert ("Zwölfaxing" in asked, "cannot be undone" in asked, "bg-red-600" in asked) == (True, True, True)
    assert Customer.objects.exists()
    answer = admin.post(f"{page}erase/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/inflight/customer/")
    told = f"{answer.cookies}{admin.get('/admin/inflight/customer/').content.decode()}"
    assert ("Erased: " in told, "QX-1" in told, "Zwölfaxing" in told) == (True, False, False)
    about = AuditEntry.objects.filter(act="erase_customer").values_list("object_type", "object_key", "object_name")
    assert list(about) == [("inflight.erasure", str(Erasure.objects.get().pk), "")]
    assert (Customer.objects.exists(), Erasure.objects.get().requested_by) == (False, "olga")
    assert "customers: 1" in admin.get("/admin/inflight/erasure/").content.decode()


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
