"""Products by files: what becomes of rows, of a file imported twice, of bad rows and their mending."""

import csv
import io
import os
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework.test import APIClient

from catalog.models import Product, ProductImport, ProductReject
from catalog.services.imports import importer
from catalog.tasks import drop_old_rejects, run_queued_imports
from config.api.imports.exceptions import ImportInProgress, UnusableCsv
from config.api.imports.mending import version_of
from tests.catalog.conftest import held_elsewhere
from tests.catalog.product_files import HEADER, MOWER, PEN, ROWS, SOAP
from tests.factories_catalog import ProductFactory

pytestmark = pytest.mark.django_db

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

DoImport = Callable[..., ProductImport]


@pytest.fixture(autouse=True)
def _folders(settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOTS, settings.IMPORT_UPLOADS = [], str(tmp_path / "uploads")


@pytest.fixture
def do_import(tmp_path: Path) -> DoImport:
    """Import the given lines, or bytes."""

    def do_import(content: list[str] | bytes = ROWS, **options: Any) -> ProductImport:
        path = tmp_path / "products"
        path.write_bytes(content if isinstance(content, bytes) else "\n".join(content).encode())
        return importer.import_files({"products_file_path": str(path)}, roots=None, **options)

    return do_import


def counts(run: ProductImport) -> dict[str, int]:
    return {name: number for name, number in (run.products or {}).items() if number}


def reasons(run: ProductImport) -> dict[int, list[tuple[str, str]]]:
    return {r.line: [(each["field"], each["code"]) for each in r.reasons] for r in run.rejects.order_by("id")}


def test_new_products_are_made_and_wait_for_their_registration(do_import: DoImport) -> None:
    run = do_import()
    assert (run.status, counts(run)) == ("completed", {"read": 2, "inserted": 2})
    pen = Product.objects.get(sku=PEN)
    assert (pen.name, pen.category, pen.description, pen.registration) == ("Ball pen", "Office", "Blue", "pending")
    assert pen.pk.version == 4
    assert pen.next_registration_at <= timezone.now()
    assert timezone.now() - pen.created_at < timedelta(minutes=1)
    assert OrmQ.objects.count() == 1


def test_the_same_file_again_changes_nothing_and_says_so(do_import: DoImport) -> None:
    do_import()
    OrmQ.objects.all().delete()
    before = list(Product.objects.order_by("pk").values())
    run = do_import()
    assert counts(run) == {"read": 2, "unchanged": 2}
    assert list(Product.objects.order_by("pk").values()) == before
    assert not OrmQ.objects.exists()


def test_a_known_sku_changes_its_product_and_leaves_the_rest_of_it(do_import: DoImport) -> None:
    pen = ProductFactory(sku=PEN, name="Pen", description="Red", offers_error="x")
    other = ProductFactory()
    run = do_import()
    assert counts(run) == {"read": 2, "updated": 1, "inserted": 1}
    pen.refresh_from_db()
    assert (pen.name, pen.description, pen.registration, pen.offers_error) == ("Ball pen", "Blue", "registered", "x")
    assert Product.objects.get(pk=other.pk).name == other.name


def test_a_product_that_was_refused_is_registered_again_once_it_is_mended(do_import: DoImport) -> None:
    long_ago = timezone.now() - timedelta(days=9)
    state = {"registration": "failed", "registration_error": "too long", "registration_attempts": 3}
    pen = ProductFactory(sku=PEN, next_registration_at=long_ago, **state)
    same = ProductFactory(sku=SOAP, name="Soap", category="Care", **state)
    do_import()
    pen.refresh_from_db()
    assert (pen.registration, pen.registration_error, pen.registration_attempts) == ("pending", "", 0)
    assert pen.next_registration_at > long_ago
    assert Product.objects.get(pk=same.pk).registration == "failed"


def test_a_dry_run_finds_out_everything_and_changes_nothing(do_import: DoImport) -> None:
    ProductFactory(sku=PEN)
    run = do_import([*ROWS, "1;Bad;;"], dry_run=True)
    assert (run.status, counts(run)) == (
        "completed_with_rejects", {"read": 3, "updated": 1, "inserted": 1, "rejected": 1},
    )  # fmt: skip
    assert Product.objects.count() == 1
    assert not OrmQ.objects.exists()


def test_bad_rows_are_kept_aside_with_every_reason(do_import: DoImport) -> None:
    run = do_import(
        [
            *ROWS,
            f"{MOWER};;;",
            "4006381333932;Pen;;",
            "36000291452;Zeros were dropped;;",
            ";No sku;;",
            f"{PEN};Another pen;;",
            f"{PEN};Ball pen;Office;Blue",
            "1;;" + "x" * 201 + ";",
            f"{MOWER};too;few",
        ]
    )
    assert counts(run) == {"read": 10, "inserted": 2, "unchanged": 1, "rejected": 7}
    assert reasons(run) == {
        4: [("name", "required")],
        5: [("sku", "invalid")],
        6: [("sku", "invalid")],
        7: [("sku", "required")],
        8: [("sku", "repeated")],
        10: [("sku", "invalid"), ("name", "required"), ("category", "invalid")],
        11: [("", "wrong_number_of_fields")],
    }


def test_mended_rejects_are_imported_as_they_were_downloaded(do_import: DoImport, api: APIClient) -> None:
    run = do_import([*ROWS, "5901234123450;Mower;Garden;Cuts"])
    text = api.get(f"/api/product-imports/{run.pk}/rejects", headers={"Accept": "text/csv"}).getvalue().decode()
    (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert (row["line"], row["raw"]) == ("4", "5901234123450;Mower;Garden;Cuts")
    assert row["reasons"] == "sku: '5901234123450' is not a valid EAN-13: its check digit would be 7"
    again = do_import(text.replace("5901234123450;Mower", f"{MOWER};Mower").encode())
    assert (again.status, counts(again)) == ("completed", {"read": 1, "inserted": 1})
    assert Product.objects.get(sku=MOWER).description == "Cuts"


@pytest.mark.parametrize(
    ("accepted", "kind", "description"),
    [("text/csv", "text/csv; charset=utf-8", 'He said "no";\nand went'), (XLSX, XLSX, 'He said "no"; and went')],
    ids=["csv", "xlsx"],
)
def test_what_the_api_exports_can_be_imported_and_is_unchanged(
    do_import: DoImport, api: APIClient, accepted: str, kind: str, description: str
) -> None:
    ProductFactory(sku=PEN, name="=1+1", category="-x", description=description)
    ProductFactory(sku=SOAP, name="'quoted", category="Ö", description="@a")
    answer: Any = api.get("/api/products", headers={"Accept": accepted})
    assert answer["Content-Type"] == kind
    run = do_import(b"".join(answer.streaming_content))
    assert (run.status, counts(run)) == ("completed", {"read": 2, "unchanged": 2})


def test_a_workbook_is_read_too(do_import: DoImport) -> None:
    book = BytesIO()
    with xlsxwriter.Workbook(book) as sheets:
        sheets.add_worksheet("Notes").write_row(0, 0, ["nothing"])
        sheet = sheets.add_worksheet("Goods")
        sheet.write_row(0, 0, ["Name", "SKU", "Category", "Description", "Price"])
        sheet.write_row(1, 0, ["Ball pen", int(PEN), "Office", "", 3])  # a number, as whoever types it has it
    run = do_import(book.getvalue())
    assert (run.status, counts(run)) == ("completed", {"read": 1, "inserted": 1})
    assert run.read_as == {"products": "the sheet Goods"}
    assert Product.objects.get(sku=PEN).name == "Ball pen"


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (b"sku;name\n1;2\n", "lacks the columns category, description")]
)
def test_a_file_that_cannot_be_used_changes_nothing(do_import: DoImport, content: bytes, says: str) -> None:
    with pytest.raises(UnusableCsv, match=says):
        do_import(content)
    assert not ProductImport.objects.exists()


def test_one_import_of_products_at_a_time(do_import: DoImport) -> None:
    with held_elsewhere("import-products"), pytest.raises(ImportInProgress, match="/api/product-imports"):
        do_import()


def test_an_operator_tries_a_file_and_then_imports_it() -> None:
    operator = Client()
    operator.force_login(User.objects.create_superuser("olga"))
    file = BytesIO("\n".join([*ROWS, "1;Bad;;"]).encode())
    file.name = "goods.csv"
    page = operator.post("/admin/catalog/productimport/import_files/", {"products": file, "dry_run": "on"}, follow=True)
    run = ProductImport.objects.get()
    assert "Waiting for a worker" in page.content.decode()
    run_queued_imports()
    address = f"/admin/catalog/productimport/{run.pk}"
    report = operator.get(f"{address}/change/").content.decode()
    assert "nothing has been changed" in report
    assert "is not an EAN-8, EAN-13 or UPC" in report
    assert f"{address}/rejects.csv" in report
    assert "both files" not in report
    assert not Product.objects.exists()

    operator.post(f"{address}/import_again/", follow=True)
    run_queued_imports()
    assert Product.objects.count() == 2
    assert "Bad" in operator.get(f"{address}/rejects.csv").getvalue().decode()


def test_the_command_says_what_became_of_the_rows(tmp_path: Path) -> None:
    file, rejects = tmp_path / "products.csv", tmp_path / "rejects.csv"
    file.write_text("\n".join([*ROWS, "1;Bad;;"]))
    said = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("import_products", str(file), "--rejects", str(rejects), stdout=said)
    assert ended.value.code == 2
    assert "products" in said.getvalue()
    assert "Bad" in rejects.read_text()
    assert Product.objects.count() == 2


def test_old_rejects_go(do_import: DoImport, settings: Any) -> None:
    settings.REJECT_RETENTION_DAYS = 5
    old, new = do_import([HEADER, "1;Bad;;"]), do_import([HEADER, "1;Bad;;"])
    ProductImport.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=6))
    drop_old_rejects()
    assert list(ProductReject.objects.values_list("run", flat=True)) == [new.pk]


def test_ten_thousand_products_come_in_within_twenty_seconds(do_import: DoImport) -> None:
    """What the catalogue promises; it takes about a second, so that a slow machine passes, and an N+1 does not."""
    started = os.times().elapsed
    rows = [
        HEADER,
        *(f"{with_check_digit(number)};Product {number};Category {number % 50};Text" for number in range(10_000)),
    ]
    first, again = do_import(rows), do_import(rows)
    assert counts(first) == {"read": 10_000, "inserted": 10_000}
    assert counts(again) == {"read": 10_000, "unchanged": 10_000}
    assert os.times().elapsed - started < 20


def with_check_digit(number: int) -> str:
    from catalog.models.sku import check_digit  # noqa: PLC0415 - of this test alone

    return (digits := f"{200_000_000_000 + number}") + check_digit(digits)


def test_rejected_products_are_mended_on_their_page_line_ends_and_all(do_import: DoImport) -> None:
    run = do_import(["sku;name;category;description", '4006381333932;Ball pen;Office;"blue', 'and long"'])
    reject = run.rejects.get()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    address = f"/admin/catalog/productimport/{run.pk}/mend/"
    page = client.get(address).content.decode()
    assert "blue\nand long</textarea>" in page

    form = {
        "row": [reject.pk], "version": [version_of(reject)], f"{reject.pk}-sku": "4006381333931",
        f"{reject.pk}-description": "blue\r\nand long",
    }  # fmt: skip
    client.post(address, form)

    product = Product.objects.get(sku="4006381333931")
    assert (product.name, product.category, product.description) == ("Ball pen", "Office", "blue\nand long")
    assert not run.rejects.exists()
    assert (run.mended_by.get().products or {})["inserted"] == 1
