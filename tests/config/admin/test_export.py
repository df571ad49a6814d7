"""The lists of the admin as files: the rows of the list as it is shown, whole, by a few bounded queries."""

import csv
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from catalog.models import Offer, OfferChange, Product
from config.admin import export
from config.models import AuditEntry, WorkerHeartbeat
from inflight.models import Customer, Delivery, Purchase
from tests.factories import CustomerFactory, PurchaseFactory
from tests.rows import make_rows
from tests.xlsx import cells

pytestmark = pytest.mark.django_db
admin.autodiscover()
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
QUERIES = 12  # for the login, the permissions, the list's page and filters

each_list = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)


def address(model: type[Model], page: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


def rows_of(client: Client, model: type[Model], **query: Any) -> list[list[str]]:
    """Return the header and the rows of a list's CSV file."""
    answer: Any = client.get(address(model, "csv"), query)
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.getvalue().decode(), newline="")))


@each_list
def test_each_list_has_links_that_keep_what_it_shows(admin_client: Client, model: type[Model]) -> None:
    page = admin_client.get(address(model, "changelist"), {"q": "1", "o": "-1", "p": "1"}).content.decode()
    for suffix in ("csv", "xlsx"):
        assert f'href="{address(model, suffix)}?o=-1&amp;q=1"' in page


@each_list
def test_a_list_is_exported_whole_in_its_order_with_its_columns(
    admin_client: Client, model: type[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 25)
    make_rows(model, 60)
    listed = admin_client.get(address(model, "changelist")).context["cl"]
    with CaptureQueriesContext(connection) as asked:
        header, *rows = rows_of(admin_client, model)
    assert len(rows) == listed.queryset.count()
    assert len(header) == len([name for name in listed.list_display if name != "action_checkbox"])
    assert {len(row) for row in rows} == {len(header)}
    assert len(asked) <= QUERIES + len(rows) / 25


@each_list
def test_a_list_as_xlsx_has_the_same_rows(admin_client: Client, model: type[Model]) -> None:
    make_rows(model, 3)
    answer: Any = admin_client.get(address(model, "xlsx"))
    found = cells(BytesIO(answer.getvalue()))
    header, *rows = rows_of(admin_client, model)
    assert [text for _, text in found[0]] == header
    recorded = 2 if model is AuditEntry else 0  # that both files were taken
    assert len(found) == 1 + len(rows) - recorded


def test_purchases_come_with_plain_values_and_the_text_of_links(admin_client: Client) -> None:
    customer = CustomerFactory(customer_id="<b>&amp;")
    sold = PurchaseFactory(purchase_identifier="=1", customer=customer, price="1000.5000", product_id="0071")
    assert rows_of(admin_client, Purchase) == [
        ["Purchase identifier", "Customer", "Product id", "Quantity", "Price", "Currency", "Purchased on"],
        ["'=1", "<b>&amp;", "0071", str(sold.quantity), "1000.5", sold.currency, sold.purchased_on.isoformat()],
    ]


def test_moments_are_in_utc_and_what_is_not_there_is_empty(admin_client: Client) -> None:
    Delivery.objects.create(id=7, status="delivered", created_at=datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert rows_of(admin_client, Delivery)[1] == ["7", "delivered", "all", "", "2026-03-01T08:00:00Z", "", ""]


def test_the_text_of_another_row_stands_for_it(admin_client: Client) -> None:
    make_rows(Offer, 1)
    assert rows_of(admin_client, Offer)[1] == ["Product 1", "offer-1", "1", "1", "", "Price history"]


def test_only_what_is_filtered_and_searched_is_exported(admin_client: Client) -> None:
    make_rows(Customer, 20)
    found = rows_of(admin_client, Customer, needs_sending__exact="1", q="00000001")
    assert [row[0] for row in found[1:]] == [f"{number:09d}" for number in (10, 12, 14, 16, 18)]


def test_the_order_that_was_chosen_is_the_files(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE", 7)
    make_rows(Customer, 20)
    first = [row[0] for row in rows_of(admin_client, Customer, o="1")[1:]]
    assert first == sorted(first)
    assert [row[0] for row in rows_of(admin_client, Customer, o="-1")[1:]] == first[::-1]


def test_a_list_that_is_not_ordered_by_a_key_comes_whole(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE", 7)
    make_rows(Product, 20)
    names = [row[0] for row in rows_of(admin_client, Product)[1:]]
    assert names == sorted(f"Product {number}" for number in range(1, 21))


def test_columns_of_other_tables_cost_no_query_for_each_row(admin_client: Client) -> None:
    make_rows(OfferChange, 50)
    with CaptureQueriesContext(connection) as asked:
        assert len(rows_of(admin_client, OfferChange)) == 51
    assert len(asked) <= QUERIES


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_file_is_named_after_its_list_and_the_day(admin_client: Client, suffix: str) -> None:
    answer = admin_client.get(address(WorkerHeartbeat, suffix))
    answer.close()
    name = f"{slugify(str(WorkerHeartbeat._meta.verbose_name_plural))}-{timezone.localdate()}.{suffix}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_more_rows_than_a_worksheet_has_are_a_400(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_XLSX_ROWS", 2)
    make_rows(Customer, 3)
    answer = admin_client.get(address(Customer, "xlsx"))
    assert (answer.status_code, answer.json()["detail"].endswith("Narrow the filters, or use CSV.")) == (400, True)
    narrowed: Any = admin_client.get(address(Customer, "xlsx"), {"q": "000000001"})
    assert len(cells(BytesIO(narrowed.getvalue()))) == 2


def test_nothing_is_exported_by_a_post(admin_client: Client) -> None:
    assert admin_client.post(address(Customer, "csv")).status_code == 405
