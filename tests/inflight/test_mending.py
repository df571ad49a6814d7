"""Rejected rows are mended on a page, cell by cell, and imported again."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from config.api.imports.mending import MendedRow, RejectsChanged, version_of, written
from config.models import AuditEntry
from inflight.models import Customer, ImportReject, ImportRun, Purchase
from inflight.services.imports import LOCK, importer
from inflight.services.people import erase_customer
from tests.inflight.conftest import CUSTOMERS, PURCHASES, Import, counts
from tests.inflight.mending import BAD, address, form_of, left_of, log_in, mend, operators_client
from tests.sessions import lock_held_elsewhere

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return operators_client()


def test_mended_cells_are_imported_by_a_run_that_names_the_one_it_mends(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    assert left_of(run) == [5, 6, 7]
    cells = {"5 quantity": "3", "6 price": "9,91", "6 currency": "usd", "7 customer_id": "2"}

    page = mend(operator, run, cells).content.decode()

    new = ImportRun.objects.get(mends=run)
    assert "3 rows were imported." in page
    assert "No rejected rows are left." in page
    assert "/admin/inflight/delivery/send/" in page
    assert (new.status, new.requested_by, new.dry_run) == ("completed", "olga", False)
    assert (new.customers, new.purchases) == (counts(), counts(3, inserted=3))
    sold = (
        Purchase.objects.filter(pk__startswith="3/")
        .order_by("pk")
        .values_list("customer", "quantity", "price", "currency")
    )
    assert [(who, number, float(price), currency) for who, number, price, currency in sold] == [
        ("1", 3, 10.0, "EUR"), ("2", 2, 9.91, "USD"), ("2", 1, 0.0, "EUR"),
    ]  # fmt: skip
    assert left_of(run) == []
    assert list(AuditEntry.objects.filter(act="import_files").values_list("object_key", "details")) == [
        (str(new.pk), {"dry_run": False, "mends": run.pk})
    ]


def test_what_is_still_wrong_stays_with_the_text_and_the_reason_of_now(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)

    page = mend(operator, run, {"5 quantity": "3", "6 price": "a lot"}).content.decode()

    assert "1 row was imported; 2 are still invalid." in page  # that of the unknown customer was tried again, too
    assert left_of(run) == [6, 7]
    row = ImportReject.objects.get(run=run, line=6)
    assert (row.row["price"], row.row["currency"]) == ("a lot", "USDX")
    assert [reason["field"] for reason in row.reasons] == ["price", "currency"]
    assert "&#x27;a lot&#x27; is not a price" in page
    new = ImportRun.objects.get(mends=run)
    assert new.status == "completed_with_rejects"
    assert left_of(new) == [6, 7], "the lines are those of the file that the rows come from"
    assert operator.get(address(new)).headers["Location"] == address(run)


def test_a_row_whose_customer_has_come_since_needs_no_change(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    do_import(customers=[CUSTOMERS[0], "7;1;New;Nina;;;"], purchases=[PURCHASES[0]])

    mend(operator, run, {})

    assert Purchase.objects.get(pk="3/03").customer_id == "7"
    assert left_of(run) == [5, 6], "who was not changed and cannot be right was not tried"
    assert ImportRun.objects.get(mends=run).purchases == counts(1, inserted=1)


def test_customers_and_their_purchases_are_mended_in_one_form(operator: Client, do_import: Import) -> None:
    run = do_import(customers=[*CUSTOMERS, "7;9;New;Nina;;;"], purchases=[*PURCHASES, "3/03;7;0071;1;0;EUR;2024-11-03"])
    customer = ImportReject.objects.get(run=run, file="customers")

    form = form_of(operator.get(address(run)))
    operator.post(address(run), form | {f"{customer.pk}-title": "1"})

    assert Customer.objects.get(pk="7").title == "1"
    assert Purchase.objects.get(pk="3/03").customer_id == "7"
    assert not run.rejects.exists()


def test_two_rows_of_one_key_name_each_other_by_the_lines_of_the_file(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=[*PURCHASES, "4/01;1;4;0;1;EUR;2024-11-04", "4/01;1;4;0;2;EUR;2024-11-04"])
    page = mend(operator, run, {"5 quantity": "1", "6 quantity": "1"}).content.decode()
    assert "&#x27;4/01&#x27; stands on line 5 already, with other values" in page
    assert left_of(run) == [6]


def test_checking_changes_nothing_and_says_what_is_still_wrong(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    before = list(run.rejects.order_by("pk").values())

    page = mend(operator, run, {"5 quantity": "3", "6 price": "a lot"}, check="1").content.decode()

    assert "1 row is now valid; 2 are still invalid. Nothing has been imported yet." in page
    assert "&#x27;a lot&#x27; is not a price" in page
    assert 'value="3"' in page
    assert list(run.rejects.order_by("pk").values()) == before
    assert not Purchase.objects.filter(pk="3/01").exists()
    assert (ImportRun.objects.get(mends=run).dry_run, ImportRun.objects.filter(mends=run).count()) == (True, 1)


def test_of_two_who_mend_the_same_rows_the_second_is_told(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    late = form_of(operator.get(address(run)))
    first = ImportReject.objects.get(run=run, line=5)
    mend(operator, run, {"6 price": "still bad"})

    late[f"{first.pk}-quantity"] = "99"
    page = operator.post(address(run), late).content.decode()

    assert "some of these rows have been corrected or erased" in page
    assert 'value="99"' in page, "what was typed is still there"
    assert "still bad" in page
    assert not Purchase.objects.filter(pk="3/01").exists()


def test_rows_that_change_while_the_import_waits_for_its_turn_are_not_imported(do_import: Import) -> None:
    run = do_import(purchases=BAD)
    reject = ImportReject.objects.get(run=run, line=5)
    row = MendedRow(reject.pk, version_of(reject), "purchases", 5, reject.row | {"quantity": "3"})
    with written(run, [row], importer.files) as prepared:
        ImportReject.objects.filter(pk=reject.pk).update(raw="", row={})
        with pytest.raises(RejectsChanged):
            importer.import_files(prepared.paths, roots=None, mending=prepared)
    assert ImportRun.objects.count() == 1


def test_an_import_under_way_leaves_what_was_typed(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    with lock_held_elsewhere(LOCK):
        page = mend(operator, run, {"5 quantity": "33"}).content.decode()
    assert "An import is under way" in page
    assert 'value="33"' in page
    assert left_of(run) == [5, 6, 7]


def test_nothing_of_a_mended_row_is_left_on_the_disk(operator: Client, do_import: Import, settings: Any) -> None:
    run = do_import(purchases=BAD)
    mend(operator, run, {"5 quantity": "3"})
    assert [path for path in Path(settings.IMPORT_UPLOADS).rglob("*") if path.is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_rows_of_an_erased_person_cannot_be_mended_and_their_id_cannot_be_typed(
    operator: Client, do_import: Import
) -> None:
    run = do_import(
        customers=[*CUSTOMERS, "ERASE-ME-1;1;Zed;Zoe;;;"], purchases=[*BAD, "5/01;ERASE-ME-1;1;0;1;EUR;2024-11-04"]
    )
    erase_customer("ERASE-ME-1", requested_by="ana")

    page = operator.get(address(run)).content.decode()
    assert "This row was not stored, so it cannot be corrected." in page
    assert "ERASE-ME-1" not in page
    page = mend(operator, run, {"5 customer_id": "ERASE-ME-1", "5 quantity": "1"}).content.decode()

    assert "is of a person who was erased" in page
    assert not Purchase.objects.filter(pk="3/01").exists()
    assert list(ImportReject.objects.filter(line=5).values_list("raw", "row")) == [("", {}), ("", {})]


def test_a_dry_run_is_imported_first(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD, dry_run=True)
    page = operator.get(address(run)).content.decode()
    assert "This was a dry run" in page
    assert 'name="row"' not in page
    assert operator.post(address(run), {}).status_code == 404


def test_a_run_that_mends_cannot_be_imported_again(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    mend(operator, run, {"5 quantity": "3"}, check="1")
    new = ImportRun.objects.get(mends=run)
    page = operator.get(f"/admin/inflight/importrun/{new.pk}/change/").content.decode()
    assert f"It imports corrected rows of import {run.pk} again." in page
    assert "import_again" not in page


@pytest.mark.parametrize(
    "permissions", [("view_importrun", "view_importreject"), ("view_importrun", "import_files"), ("import_files",)]
)
def test_who_may_not_see_rejected_rows_or_may_not_import_is_not_let_in(
    do_import: Import, permissions: tuple[str, ...]
) -> None:
    run = do_import(purchases=BAD)
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = log_in(user)
    assert client.get(address(run)).status_code == client.post(address(run), {}).status_code == 403
    page = client.get(f"/admin/inflight/importrun/{run.pk}/change/").content.decode()
    assert address(run) not in page


def test_the_report_leads_to_the_page_and_reading_it_is_recorded(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    assert address(run) in operator.get(f"/admin/inflight/importrun/{run.pk}/change/").content.decode()
    operator.get(address(run))
    assert AuditEntry.objects.filter(act="list_rejects", object_key=str(run.pk), actor="olga").count() == 1
