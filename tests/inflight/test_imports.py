"""Imports: what becomes of rows, of files imported twice and of bad rows."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from config.api.imports.exceptions import UnusableCsv
from inflight.imports.rejects_csv import rejects_csv
from inflight.models import Customer, ImportReject, ImportRun, Purchase
from tests.factories import CustomerFactory, PurchaseFactory
from tests.inflight.conftest import CUSTOMER_HEADER, CUSTOMERS, PURCHASE_HEADER, PURCHASES, Import, counts
from tests.sessions import rows_read_elsewhere

pytestmark = pytest.mark.django_db

ENDLESS = "\n".join(PURCHASES).encode() + b"\n" + b"x" * 1_100_000


def reasons_by_line(run: ImportRun) -> dict[tuple[str, int], list[tuple[str, str]]]:
    return {(r.file, r.line): [(x["field"], x["code"]) for x in r.reasons] for r in run.rejects.order_by("id")}


def test_good_rows_are_stored_as_they_are(do_import: Import) -> None:
    run = do_import()
    assert (run.status, run.customers, run.purchases) == ("completed", counts(2, inserted=2), counts(3, inserted=3))
    customer = Customer.objects.get(pk="2")
    assert (customer.title, customer.last_name, customer.postal_code) == ("1", "Galante", "06400")
    purchase = Purchase.objects.get(pk="2/02")
    assert (purchase.customer_id, purchase.product_id, purchase.quantity) == ("1", "0071", 2)
    assert (purchase.price, purchase.currency, str(purchase.purchased_on)) == (Decimal("91.2"), "USD", "2024-11-03")


def test_importing_the_same_files_again_changes_nothing_and_says_so(do_import: Import) -> None:
    do_import()
    Customer.objects.update(needs_sending=False)
    run = do_import()
    assert (run.customers, run.purchases) == (counts(2, unchanged=2), counts(3, unchanged=3))
    assert not Customer.objects.filter(needs_sending=True).exists()


def test_another_spelling_of_the_same_number_is_no_change(do_import: Import) -> None:
    do_import()
    run = do_import(purchases=[PURCHASE_HEADER, "2/01;1;4324;01;10.00;eur;2024-11-04"])
    assert run.purchases == counts(1, unchanged=1)


def test_changed_rows_are_updated_and_counted(do_import: Import) -> None:
    do_import()
    run = do_import(
        [CUSTOMERS[0], CUSTOMERS[1].replace("Fréjus", "Nice"), CUSTOMERS[2]],
        [PURCHASES[0], PURCHASES[1], PURCHASES[2].replace("91.2", "91.3"), "2/04;2;1;1;1;EUR;2024-01-01"],
    )
    assert run.customers == counts(2, updated=1, unchanged=1)
    assert run.purchases == counts(3, updated=1, unchanged=1, inserted=1)
    assert Customer.objects.get(pk="1").city == "Nice"
    assert Purchase.objects.get(pk="2/02").price == Decimal("91.3")


@pytest.mark.parametrize(
    ("purchase", "touched"),
    [
        ("2/99;2;1;1;1;EUR;2024-01-01", {"2"}),
        ("2/01;1;4324;9;10;EUR;2024-11-04", {"1"}),
        ("2/01;2;4324;1;10;EUR;2024-11-04", {"1", "2"}),
        ("2/01;1;4324;1;10;EUR;2024-11-04", set()),
    ],
    ids=["new", "changed", "moved", "unchanged"],
)
def test_a_change_of_purchases_makes_their_customers_need_sending(
    do_import: Import, purchase: str, touched: set[str]
) -> None:
    do_import()
    Customer.objects.update(needs_sending=False)
    do_import([CUSTOMER_HEADER], [PURCHASE_HEADER, purchase])
    assert set(Customer.objects.filter(needs_sending=True).values_list("pk", flat=True)) == touched


def test_a_purchase_may_belong_to_a_customer_of_the_database(do_import: Import) -> None:
    CustomerFactory(customer_id="77")
    run = do_import([CUSTOMER_HEADER], [PURCHASE_HEADER, "9/1;77;1;1;1;EUR;2024-01-01"])
    assert run.purchases == counts(1, inserted=1)


BAD_CUSTOMERS = [
    CUSTOMER_HEADER,
    "1;2;Norris;Chuck;83600;Fréjus;chuck@norris.com",  # 2: good
    ";1;No;Id;;;",  # 3: no id
    "3;9;Bad;Title;;;",  # 4: title
    "1;2;Other;Chuck;83600;Fréjus;chuck@norris.com",  # 5: repeats line 2, different
    "1;2;Norris;Chuck;83600;Fréjus;chuck@norris.com",  # 6: repeats line 2, the same
    "4;1;Too;Few",  # 7: ragged
    ";;;;;;",  # 8: Excel's blank line
    "",  # 9: blank
]
BAD_PURCHASES = [
    PURCHASE_HEADER,
    "1/1;1;P;1;1;EUR;2024-01-01",  # 2: good
    ";1;P;1;1;EUR;2024-01-01",  # 3: no identifier
    "1/2;;P;1;1;EUR;2024-01-01",  # 4: no customer
    "1/3;1;;1;1;EUR;2024-01-01",  # 5: no product
    "1/4;1;P;0;1;EUR;2024-01-01",  # 6: quantity
    "1/5;1;P;1;-1;EUR;2024-01-01",  # 7: price
    "1/6;1;P;1;1.23456;EUR;2024-01-01",  # 8: decimals
    "1/7;1;P;1;1;EURO;2024-01-01",  # 9: currency
    "1/8;1;P;1;1;EUR;2024-02-30",  # 10: date
    "1/9;99;P;1;1;EUR;2024-01-01",  # 11: unknown customer
    '1/10;3;"a',  # 12-13: a line break within quotes, and a customer whose own row was rejected
    'b";1;1;EUR;2024-01-01',
    "1/1;1;P;2;1;EUR;2024-01-01",  # 14: repeats line 2, different
    "1/1;99;P;x;1;EUR;2024-01-01",  # 15: repeats line 2, unknown customer, bad quantity
    "1/11;1;P;1;1;EUR;2024-01-01;surplus",  # 16: ragged
    "1/12;1;P;1;1;EUR;2024-01-01",  # 17: good
]


def test_each_bad_row_is_rejected_with_its_line_and_all_its_reasons(do_import: Import) -> None:
    run = do_import(BAD_CUSTOMERS, BAD_PURCHASES)
    assert run.status == "completed_with_rejects"
    assert run.customers == counts(6, inserted=1, unchanged=1, rejected=4, skipped=2)
    assert run.purchases == counts(15, inserted=2, rejected=13)
    assert set(Purchase.objects.values_list("pk", flat=True)) == {"1/1", "1/12"}
    assert reasons_by_line(run) == {
        ("customers", 3): [("customer_id", "required")],
        ("customers", 4): [("title", "invalid")],
        ("customers", 5): [("customer_id", "repeated")],
        ("customers", 7): [("", "wrong_number_of_fields")],
        ("purchases", 3): [("purchase_identifier", "required")],
        ("purchases", 4): [("customer_id", "required")],
        ("purchases", 5): [("product_id", "required")],
        ("purchases", 6): [("quantity", "invalid")],
        ("purchases", 7): [("price", "invalid")],
        ("purchases", 8): [("price", "invalid")],
        ("purchases", 9): [("currency", "invalid")],
        ("purchases", 10): [("date", "invalid")],
        ("purchases", 11): [("customer_id", "unknown_customer")],
        ("purchases", 12): [("customer_id", "unknown_customer")],
        ("purchases", 14): [("purchase_identifier", "repeated")],
        ("purchases", 15): [
            ("quantity", "invalid"),
            ("purchase_identifier", "repeated"),
            ("customer_id", "unknown_customer"),
        ],
        ("purchases", 16): [("", "wrong_number_of_fields")],
    }


def test_a_reject_keeps_the_row_as_it_stands_and_names_the_first_line(do_import: Import) -> None:
    run = do_import(BAD_CUSTOMERS, BAD_PURCHASES)
    quoted = run.rejects.get(file="purchases", line=12)
    assert quoted.raw == '1/10;3;"a\nb";1;1;EUR;2024-01-01'
    assert quoted.row["product_id"] == "a\nb"
    assert "line 2" in run.rejects.get(file="purchases", line=14).reasons[0]["message"]


def test_the_rejects_file_mended_imports_clean_as_both_files(do_import: Import) -> None:
    run = do_import(BAD_CUSTOMERS, BAD_PURCHASES)
    text = "".join(rejects_csv(run.rejects.order_by("id")))
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    for number, row in enumerate(rows):
        if row["file"] == "customers":
            row |= {"customer_id": f"new{number}", "title": "1"}
        else:
            row |= {"purchase_identifier": f"new/{number}", "customer_id": "1", "product_id": "P", "quantity": "1"}
            row |= {"price": "1", "currency": "EUR", "date": "2024-01-01"}
    mended = io.StringIO(newline="")
    writer = csv.DictWriter(mended, rows[0], delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    again = do_import(mended.getvalue().encode(), mended.getvalue().encode())
    assert again.status == "completed"
    assert again.customers == counts(4, inserted=4, skipped=13)
    assert again.purchases == counts(13, inserted=13, skipped=4)


def test_a_row_with_a_nul_is_rejected_and_stops_no_other(do_import: Import) -> None:
    run = do_import(
        [CUSTOMER_HEADER, "1;2;No\0rris;;;;", "2;1;Galante;;;;"], [PURCHASE_HEADER, "1/1;2;P;0;1;EUR;2024-01\0"]
    )
    assert run.customers == counts(2, inserted=1, rejected=1)
    assert [reject.raw for reject in run.rejects.order_by("id")] == ["1;2;No␀rris;;;;", "1/1;2;P;0;1;EUR;2024-01␀"]


def test_a_good_row_is_taken_though_a_bad_one_before_it_has_its_key(do_import: Import) -> None:
    run = do_import([CUSTOMER_HEADER, "1;9;Bad;Title;;;", "1;2;Good;Title;;;"], [PURCHASE_HEADER])
    assert run.customers == counts(2, inserted=1, rejected=1)


def test_a_dry_run_finds_out_everything_and_changes_nothing(do_import: Import) -> None:
    PurchaseFactory(purchase_identifier="1/1", customer__customer_id="1", customer__needs_sending=False)
    before = list(Customer.objects.values()), list(Purchase.objects.values())
    dry = do_import(BAD_CUSTOMERS, BAD_PURCHASES, dry_run=True)
    assert (list(Customer.objects.values()), list(Purchase.objects.values())) == before
    real = do_import(BAD_CUSTOMERS, BAD_PURCHASES)
    assert (dry.customers, dry.purchases) == (real.customers, real.purchases)
    assert reasons_by_line(dry) == reasons_by_line(real)


def test_a_line_without_end_in_the_middle_imports_nothing_and_fails_the_run(do_import: Import) -> None:
    with pytest.raises(UnusableCsv, match="a line is longer"):
        do_import(purchases=ENDLESS)
    assert not Customer.objects.exists()
    assert ImportRun.objects.get().status == "failed"
    assert "a line is longer" in ImportRun.objects.get().error


def test_damaged_utf_8_imports_nothing_and_is_said_before_a_run_begins(do_import: Import) -> None:
    purchases = ("\n".join(PURCHASES) + "\n2/05;1;é€caf").encode() + b"\xe9;1;1;EUR;2024-01-01\n"
    with pytest.raises(UnusableCsv, match="is 0xe9"):
        do_import(purchases=purchases)
    assert not ImportRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_a_failed_run_says_is_seen_by_others_at_once(do_import: Import) -> None:
    with pytest.raises(UnusableCsv):
        do_import(purchases=ENDLESS)
    assert not connection.in_atomic_block
    connection.close()
    assert ImportRun.objects.get().status == "failed"


def defined(table: str) -> dict[str, Any]:
    """What the database knows of a table's constraints and indexes."""
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, table)


def test_the_first_rows_leave_the_tables_with_the_indexes_and_keys_they_had(do_import: Import) -> None:
    tables = ("inflight_customer", "inflight_purchase")
    before = [defined(table) for table in tables]
    assert any(each["foreign_key"] for each in before[1].values())
    do_import()
    assert [defined(table) for table in tables] == before


@pytest.mark.django_db(transaction=True)
def test_the_first_import_does_not_wait_for_one_who_is_reading(do_import: Import) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite nobody waits for a reader")
    with rows_read_elsewhere(Purchase), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        assert do_import().status == "completed"
        cursor.execute("RESET lock_timeout")


def test_a_header_alone_is_an_empty_import(do_import: Import) -> None:
    run = do_import([CUSTOMER_HEADER], [PURCHASE_HEADER])
    assert (run.status, run.customers) == ("completed", counts(0))


def test_a_failure_while_writing_leaves_the_database_as_it_was(do_import: Import) -> None:
    with connection.cursor() as cursor:  # the database itself refuses the last insert
        cursor.execute("CREATE UNIQUE INDEX refuse ON inflight_purchase (product_id)")
    with pytest.raises(Exception, match=r"(?i)unique"):
        do_import()
    assert not Customer.objects.exists()
    assert not ImportReject.objects.exists()
    assert ImportRun.objects.get().status == "failed"
