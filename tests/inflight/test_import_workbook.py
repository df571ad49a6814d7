"""What an aircraft's crew saves with a spreadsheet program is imported as what the aircraft writes."""

import gzip
import re
import zipfile
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from compute.reading.csv_file import CsvFile, open_csv
from config.api.imports.exceptions import UnusableCsv
from inflight.models import Customer, Purchase
from tests.inflight.conftest import CUSTOMERS, PURCHASES, Import, counts

pytestmark = pytest.mark.django_db
FRENCH = ["2/01;1;4324;1,0;91,2;EUR;2024-11-04 10:31:00", "2/02;1;0071;2.0;1;EUR;2024-11-03T23:59:59Z"]


def workbook(*, far: bool = False, blank_rows: int = 0) -> bytes:
    """A workbook of a header and three rows, the first with a line break in a cell; or with one cell far out."""
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((("id", "name"), ("1", "a\nb"), ("2", "c"), ("3", "d"))):
            sheet.write_row(blank_rows + number, 0, row)
        if far:
            sheet.write(1_048_575, 16_383, "x")
    return file.getvalue()


def without_sheets() -> bytes:
    """A workbook whose list of sheets is empty."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook())) as whole, zipfile.ZipFile(file, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, re.sub(rb"<sheets>.*</sheets>", b"<sheets></sheets>", whole.read(name)))
    return file.getvalue()


def test_numbers_and_dates_as_spreadsheets_write_them(do_import: Import) -> None:
    run = do_import(purchases=[PURCHASES[0], *FRENCH])
    assert run.status == "completed"
    found = Purchase.objects.order_by("pk").values_list("quantity", "price", "purchased_on")
    assert [(quantity, price, str(day)) for quantity, price, day in found] == [
        (1, Decimal("91.2"), "2024-11-04"), (2, Decimal(1), "2024-11-03"),
    ]  # fmt: skip


@pytest.mark.parametrize(("quantity", "price"), [("1,000", "1"), ("1.000", "1"), ("1", "1,000"), ("1", "12,345")])
def test_what_may_be_thousands_is_never_guessed(do_import: Import, quantity: str, price: str) -> None:
    run = do_import(purchases=[PURCHASES[0], f"2/01;1;4324;{quantity};{price};EUR;2024-11-04"])
    (reject,) = run.rejects.all()
    assert [reason["field"] for reason in reject.reasons] == ["quantity" if price == "1" else "price"]


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


def opened(tmp_path: Path, content: bytes) -> CsvFile:
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    return open_csv(str(path), name="the_file", wanted=("id", "name"), roots=None)


def test_rows_of_a_sheet_are_told_as_the_sheet_counts_them(tmp_path: Path) -> None:
    with opened(tmp_path, workbook(blank_rows=4)) as file:
        assert [(line, fields) for line, fields, _ in file.records()] == [
            (6, ["1", "a b"]), (7, ["2", "c"]), (8, ["3", "d"]),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [(workbook(far=True), "needs more than 1024 MB of memory"), (without_sheets(), "has no sheet")],
    ids=["a cell far out", "no sheets"],
)
def test_a_workbook_of_no_use_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UnusableCsv, match=says):
        opened(tmp_path, content)
