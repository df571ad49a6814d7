"""What an aircraft's crew saves with a spreadsheet program is imported as what the aircraft writes."""

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from inflight.models import Customer, Purchase
from tests.inflight.conftest import CUSTOMERS, PURCHASES, Import, counts

pytestmark = pytest.mark.django_db
FRENCH = ["2/01;1;4324;1,0;91,2;EUR;2024-11-04 10:31:00", "2/02;1;0071;2.0;1;EUR;2024-11-03T23:59:59Z"]


def test_numbers_and_dates_as_spreadsheets_write_them(do_import: Import) -> None:
    run = do_import(purchases=[PURCHASES[0], *FRENCH])
    assert run.status == "completed"
    found = Purchase.objects.order_by("pk").values_list("quantity", "price", "purchased_on")
    assert [(quantity, price, str(day)) for quantity, price, day in found] == [
        (1, Decimal("91.2"), "2024-11-04"), (2, Decimal(1), "2024-11-03"),
    ]  # fmt: skip


def test_a_decimal_comma_is_none_where_commas_stand_between_fields(do_import: Import) -> None:
    rows = [line.replace(";", ",") for line in PURCHASES[:2]]
    run = do_import(purchases=[rows[0], rows[1].replace(",10,", ',"9,5",')])
    (reject,) = run.rejects.all()
    assert [reason["field"] for reason in reject.reasons] == ["price"]


def test_files_in_other_encodings_and_packed_are_imported_and_told(do_import: Import) -> None:
    run = do_import(
        customers="\n".join(CUSTOMERS).encode("cp1252"), purchases=gzip.compress("\n".join(PURCHASES).encode("utf-16"))
    )
    assert run.read_as == {"customers": "cp1252, a guess", "purchases": "utf-16-le"}
    assert Customer.objects.get(pk="1").city == "Fréjus"
    assert Purchase.objects.count() == 3


def test_a_quote_that_is_never_closed_costs_its_own_row(do_import: Import) -> None:
    run = do_import(purchases=[PURCHASES[0], '2/01;1;"4324;1;10;EUR;2024-11-04', *PURCHASES[2:]])
    (reject,) = run.rejects.all()
    assert (reject.line, reject.reasons[0]["code"], reject.raw) == (2, "malformed", '2/01;1;"4324;1;10;EUR;2024-11-04')
    assert Purchase.objects.count() == 2


def test_a_workbook_with_both_sheets_is_given_twice(tmp_path: Path, do_import: Import) -> None:
    path = tmp_path / "cabin.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, lines in {"People": CUSTOMERS, "Sold": PURCHASES}.items():
            sheet = book.add_worksheet(name)
            for number, line in enumerate(lines):
                cells: list[Any] = [
                    float(cell) if cell in ("1", "2", "10", "91.2") else cell for cell in line.split(";")
                ]
                sheet.write_row(number, 0, cells)
    content = path.read_bytes()
    run = do_import(customers=content, purchases=content)
    assert (run.status, run.customers, run.purchases) == ("completed", counts(2, inserted=2), counts(3, inserted=3))
    assert run.read_as == {"customers": "the sheet People", "purchases": "the sheet Sold"}
    assert Customer.objects.get(pk="1").title == "2"
    assert Purchase.objects.get(pk="2/02").price == Decimal("91.2")
