"""The catalogue's queries read a few rows by an index, however many there are: what the database plans for each."""

import re
from collections.abc import Iterable
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import Product
from catalog.selectors import listed_products
from inflight import selectors
from tests.factories import CustomerFactory, PurchaseFactory
from tests.factories_catalog import ProductFactory

pytestmark = pytest.mark.django_db

ROWS = 20_000  # so many that PostgreSQL, too, would rather use an index
PEN = "4006381333931"
SCAN = re.compile(r"(SCAN|Seq Scan on) (catalog_product|inflight_purchase|catalog_productimport)\b(?! USING)")
SERIES = {
    "postgresql": f"generate_series(1, {ROWS}) AS numbers(n)",
    "sqlite": f"(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {ROWS}) SELECT n FROM up)",
}
DAY = {"postgresql": "date '2023-01-01' + n % 365", "sqlite": "date('2023-01-01', (n % 365) || ' days')"}
ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}


@pytest.fixture
def _many_rows() -> None:
    customer = CustomerFactory().pk
    vendor = connection.vendor
    products = (
        "INSERT INTO catalog_product (id, name, description, sku, category, registration, registration_error,"
        " registration_attempts, next_registration_at, created_at, updated_at)"
        f" SELECT {ID[vendor]}, 'Product ' || n, '', CAST(2000000000000 + n AS varchar(13)), 'Category ' || (n % 500),"
        f" 'registered', '', 0, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM {SERIES[vendor]}"
    )
    purchases = (
        "INSERT INTO inflight_purchase (purchase_identifier, customer_id, product_id, quantity, price, currency,"
        f" purchased_on) SELECT 'p' || n, '{customer}', CAST(2000000000000 + n % 500 AS varchar(13)), 1, 9.5, 'EUR',"
        f" {DAY[vendor]} FROM {SERIES[vendor]}"
    )
    imports = (
        "INSERT INTO catalog_productimport (status, dry_run, requested_by, progress, error, created_at, products_file_path)"
        f" SELECT 'completed', FALSE, 'user ' || (n % 500), 1, '', {DAY[vendor]}, '/p' FROM {SERIES[vendor]}"
    )
    with connection.cursor() as cursor:
        for statement in (products, purchases, imports, "ANALYZE"):
            cursor.execute(statement)


def scans(queries: Iterable[dict[str, str]]) -> list[str]:
    """Return the steps of the queries' plans that read all of a table with many rows."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    steps = list[str]()
    with connection.cursor() as cursor:
        for query in queries:
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"{explain} {query['sql']}")
                steps += [str(row[-1]) for row in cursor.fetchall()]
    return [step for step in steps if SCAN.search(step)]


@pytest.mark.parametrize(
    "query",
    [
        f"products?sku={PEN}",
        "products?category=Category 7&limit=10",
        "products?category=none",
        "product-imports?status=failed",
        "product-imports?requested_by=nobody",
    ],
)
@pytest.mark.usefixtures("_many_rows")
def test_a_filter_of_the_api_uses_its_index(api: APIClient, query: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert api.get(f"/api/{query}").status_code == 200
    assert asked.captured_queries
    assert scans(asked.captured_queries) == []


@pytest.mark.usefixtures("_many_rows")
def test_what_was_sold_is_found_by_an_index() -> None:
    with CaptureQueriesContext(connection) as asked:
        sold, is_all = selectors.sales_of("2000000000007")
    assert ([(each.currency, each.sales, each.units) for each in sold], is_all) == ([("EUR", 40, 40)], True)
    assert len(asked) == 1
    assert scans(asked.captured_queries) == []


@pytest.mark.usefixtures("_many_rows")
def test_the_page_of_a_product_reads_by_indexes(client: Client) -> None:
    product = Product.objects.get(sku="2000000000007")
    with CaptureQueriesContext(connection) as asked:
        page = client.get(f"/catalogue/{product.pk}").content.decode()
    assert "All purchases of 2000000000007" in page
    assert len(asked) < 15
    assert scans(asked.captured_queries) == []


@pytest.mark.usefixtures("_many_rows")
def test_a_sku_is_sought_by_its_index_in_the_list_of_the_catalogue() -> None:
    ProductFactory(sku=PEN, name="Pen")
    with CaptureQueriesContext(connection) as asked:
        (found,) = listed_products(limit=50, search=PEN)
    assert found.product.name == "Pen"
    assert scans(asked.captured_queries) == []


@pytest.mark.usefixtures("_many_rows")
def test_a_scan_is_found() -> None:
    with CaptureQueriesContext(connection) as asked:
        list(Product.objects.filter(description="x").values_list("pk"))
        assert isinstance(Product.objects.values_list("pk", flat=True)[0], UUID)
    assert len(scans(asked.captured_queries[:1])) == 1


def test_sales_are_added_up_by_currency_and_only_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (currency, day) in enumerate([("EUR", 3), ("EUR", 2), ("USD", 1)]):
        PurchaseFactory(
            purchase_identifier=f"1/{number}", product_id=PEN, quantity=2, price="1.25", currency=currency,
            purchased_on=f"2026-01-0{day}",
        )  # fmt: skip
    PurchaseFactory(purchase_identifier="2/1", product_id="0071")
    sold, is_all = selectors.sales_of(PEN)
    assert [(each.currency, each.sales, each.units, float(each.revenue)) for each in sold] == [
        ("EUR", 2, 4, 5.0), ("USD", 1, 2, 2.5),
    ]  # fmt: skip
    assert (str(sold[0].first_on), str(sold[0].last_on), is_all) == ("2026-01-02", "2026-01-03", True)
    monkeypatch.setattr(selectors, "MOST_SALES", 2)
    sold, is_all = selectors.sales_of(PEN)
    assert ([each.currency for each in sold], is_all) == (["EUR"], False)
