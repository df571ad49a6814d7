"""Rejected rows are mended on a page, cell by cell, and imported again."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from config.admin import mended_rows
from config.api.imports.mending import MendedRow, RejectsChanged, version_of, written
from config.models import AuditEntry
from inflight.models import Customer, ImportReject, ImportRun, Purchase
from inflight.services.imports import LOCK, importer
from inflight.services.people import erase_customer
from tests.inflight.conftest import CUSTOMERS, PURCHASES, Import, counts
from tests.sessions import lock_held_elsewhere

pytestmark = pytest.mark.django_db

BAD = [
    *PURCHASES,
    "3/01;1;4324;0;10;EUR;2024-11-04",  # line 5: the quantity
    "3/02;2;0071;2;9,9.1;USDX;2024-11-03",  # line 6: price and currency
    "3/03;7;0071;1;0;EUR;2024-11-03",  # line 7: a customer that nobody knows
]
HIDDEN = re.compile(r'<input type="hidden" name="(row|version)" value="([^"]*)">')
INPUT = re.compile(r'<input type="text" id="[^"]*" name="([^"]*)" value="([^"]*)"')
AREA = re.compile(r'<textarea id="[^"]*" name="([^"]*)"[^>]*>\n(.*?)</textarea>', re.DOTALL)


def log_in(user: User) -> Client:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(user)
    return client


@pytest.fixture
def operator() -> Client:
    user = User.objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    return log_in(user)


def address(run: ImportRun, after: int = 0) -> str:
    return f"/admin/inflight/importrun/{run.pk}/mend/" + (f"?after={after}" if after else "")


def form_of(answer: Any) -> dict[str, Any]:
    """Return what a browser would send of the form that a page has."""
    page = answer.content.decode()
    form: dict[str, Any] = {"row": [], "version": []}
    for name, value in HIDDEN.findall(page):
        form[name].append(value)
    return form | {name: unescape(text) for name, text in [*INPUT.findall(page), *AREA.findall(page)]}


def mend(client: Client, run: ImportRun, cells: dict[str, str], **more: str) -> Any:
    """Open the page, type into cells, given by "line column", and send the form."""
    form = form_of(client.get(address(run)))
    for place, text in cells.items():
        line, column = place.split()
        form[f"{ImportReject.objects.get(run=run, line=line).pk}-{column}"] = text
    return client.post(address(run), form | more, follow=True)


def left_of(run: ImportRun) -> list[int]:
    return list(run.rejects.order_by("line").values_list("line", flat=True))


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


def test_a_page_has_so_many_rows_and_leads_to_the_next(
    operator: Client, do_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mended_rows, "MOST_ROWS", 2)
    run = do_import(purchases=BAD)
    page = operator.get(address(run)).content.decode()
    last = ImportReject.objects.get(run=run, line=6).pk
    assert (page.count('name="row"'), f'href="?after={last}"' in page) == (2, True)
    page = operator.get(address(run, after=last)).content.decode()
    assert (page.count('name="row"'), "Next rows" in page, "From the first row" in page) == (1, False, True)


def test_a_form_of_more_rows_than_a_page_has_is_refused(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    keys = [str(n) for n in range(mended_rows.MOST_ROWS + 1)]
    assert operator.post(address(run), {"row": keys, "version": keys}).status_code == 404


@pytest.mark.parametrize("keys", [["x"], ["-1"], ["9" * 30], ["0"], [""]])
def test_keys_that_no_row_has_import_nothing(operator: Client, do_import: Import, keys: list[str]) -> None:
    run = do_import(purchases=BAD)
    page = operator.post(address(run), {"row": keys, "version": ["v"]}).content.decode()
    assert "some of these rows have been corrected or erased" in page
    assert ImportRun.objects.count() == 1


def test_long_rows_are_cut_by_bytes_and_one_too_long_is_only_named(operator: Client, do_import: Import) -> None:
    long = "x" * (mended_rows.MOST_BYTES // 2 + 1)
    rows = [f"{n};1;{long};Nina;;;" for n in (71, 72, 73)]
    run = do_import(customers=[*CUSTOMERS, *rows, f"74;1;{long * 2};Nina;;;"])
    page = operator.get(address(run)).content.decode()
    assert page.count('name="row"') == 1
    last = ImportReject.objects.get(run=run, line=6).pk
    page = operator.get(address(run, after=last)).content.decode()
    assert "This row is too long to be corrected here" in page


def test_a_row_that_is_no_row_is_typed_anew(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=[*PURCHASES, "6/01;1;4324"])
    page = operator.get(address(run)).content.decode()
    assert "has 3 fields, the header has 7" in page
    names = ("purchase_identifier", "customer_id", "product_id", "quantity", "price", "currency", "date")
    values = ("6/01", "1", "4324", "1", "2.5", "EUR", "2024-11-04")
    mend(operator, run, {f"5 {name}": value for name, value in zip(names, values, strict=True)})
    assert Purchase.objects.get(pk="6/01").product_id == "4324"


@pytest.mark.parametrize("text", ['a;b"c', "x\0y", "line\nend", "=1+1", "\N{GRINNING FACE}"])
def test_any_text_can_be_typed(operator: Client, do_import: Import, text: str) -> None:
    run = do_import(customers=[*CUSTOMERS, "7;9;New;Nina;;;"])
    mend(operator, run, {"4 lastname": text, "4 title": ""})
    assert Customer.objects.get(pk="7").last_name == text.replace("\0", "\N{SYMBOL FOR NULL}")


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
