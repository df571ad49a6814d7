"""The admin's lists can be taken away as they are shown, whole, as CSV and as XLSX."""

import csv
import io
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from inflight.models import Customer, ImportRun
from tests.people import client_of
from tests.rows import make_rows

admin.autodiscover()
pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def address(model: type[Model], suffix: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{suffix}")


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(response).decode(), newline="")))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_every_list_can_be_taken_away(admin_client: Client, model: type[Model]) -> None:
    make_rows(model, 3)
    shown = model._default_manager.count()
    assert len(rows_of(admin_client.get(address(model, "csv")))) == shown
    sheet = ZipFile(io.BytesIO(content(admin_client.get(address(model, "xlsx"))))).read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<row ") == shown + 1


def test_the_rows_are_those_of_the_list_as_it_is_filtered_and_searched(admin_client: Client) -> None:
    for number in range(3):
        Customer.objects.create(customer_id=str(number), last_name=f"Name{number}", needs_sending=number > 0)
    csv_address = address(Customer, "csv")
    filtered = rows_of(admin_client.get(csv_address, {"needs_sending__exact": "1"}))
    searched = rows_of(admin_client.get(csv_address, {"q": "name2"}))
    assert (len(filtered), len(searched)) == (2, 1)


def test_the_order_is_that_of_the_list(admin_client: Client) -> None:
    for path in ("b", "a", "c"):
        ImportRun.objects.create(customers_file_path=path, status=ImportRun.Status.COMPLETED)
    newest_first = [row["ID"] for row in rows_of(admin_client.get(address(ImportRun, "csv")))]
    assert newest_first == sorted(newest_first, key=int, reverse=True)


def test_a_list_of_more_than_one_page_of_the_database_is_whole(admin_client: Client) -> None:
    Customer.objects.bulk_create(Customer(customer_id=f"{number:05}") for number in range(4500))
    ids = [row["Customer id"] for row in rows_of(admin_client.get(address(Customer, "csv")))]
    assert ids == [f"{number:05}" for number in range(4500)]


def test_a_text_that_a_spreadsheet_would_compute_is_made_harmless(admin_client: Client) -> None:
    Customer.objects.create(customer_id="1", last_name="=1+1")
    [row] = rows_of(admin_client.get(address(Customer, "csv")))
    assert "'=1+1" in row.values()


def test_the_list_links_to_its_files_with_its_own_query(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:inflight_customer_changelist"), {"q": "a"}).content.decode()
    assert all(f"export.{suffix}?q=a" in page for suffix in ("csv", "xlsx"))


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_who_may_not_see_the_list_may_not_take_it_away(suffix: str) -> None:
    assert client_of("nobody").get(address(Customer, suffix)).status_code in (302, 403)
    assert Client().get(address(Customer, suffix)).status_code == 302
