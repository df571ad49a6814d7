"""The catalogue's pages."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from catalog.models import Offer, Product
from catalog.pages.views import PAGE
from catalog.selectors import listed_products
from tests.factories import PurchaseFactory
from tests.factories_catalog import OfferFactory, ProductFactory, offer_with_history

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def chart_of(page: str) -> Any:
    """Return what the page's chart is drawn from."""
    data = re.search(r'<script id="price-chart-data" type="application/json">(.+)</script>', page)
    return json.loads(data[1]) if data else None


def names_in(page: str) -> list[str]:
    return re.findall(r'scope="row"><a href="[^"]+">([^<]+)</a>', page)


def test_the_list_compares_the_best_price_in_stock_with_that_of_a_day_ago() -> None:
    product, now = ProductFactory(), timezone.now()
    offer_with_history(product, 200, *[None] * 24, 150, start=now - timedelta(hours=25))
    offer_with_history(product, 10, start=now - timedelta(hours=25), stock=0)  # sold out: its price is nobody's best
    gone = offer_with_history(product, 300, start=now - timedelta(hours=25))
    Offer.objects.filter(pk=gone.pk).update(gone_at=now)
    (row,) = listed_products(limit=10)
    assert (row.price, row.items_in_stock, row.price_before, row.change_percent) == (150, 5, 300, -50.0)


def test_a_product_without_offers_is_listed_without_prices() -> None:
    ProductFactory()
    (row,) = listed_products(limit=10)
    assert (row.price, row.items_in_stock, row.change_percent) == (None, None, None)


def test_the_pages_of_the_list_show_each_product_once_by_name(client: Client) -> None:
    for number in range(PAGE * 2 + 3):
        ProductFactory(name=f"Twin {number // 2:03d}")
    seen, address = [], "/catalogue"
    while address:
        page = text_of(client.get(address))
        seen += names_in(page)
        following = re.search(r'href="(\?[^"]+)" rel="next"', page)
        address = "/catalogue" + following[1].replace("&amp;", "&") if following else ""
    assert seen == sorted(product.name for product in Product.objects.all())


def test_a_search_finds_by_a_part_of_the_name_and_goes_on_with_it(client: Client) -> None:
    for number in range(PAGE + 1):
        ProductFactory(name=f"Perfume {number:03d}")
    ProductFactory(name="Blanket")
    page = text_of(client.get("/catalogue", {"q": "PERF"}))
    assert len(names_in(page)) == PAGE
    assert "?q=PERF&amp;after=" in page


@pytest.mark.parametrize("query", [{"q": "a\0b"}, {"after": "x"}, {"after": "0" * 32}, {"q": "%"}, {"q": "x" * 300}])
def test_a_query_made_by_hand_does_no_harm(client: Client, query: dict[str, str]) -> None:
    assert client.get("/catalogue", query).status_code == 200


def test_an_empty_list_says_what_to_do(client: Client, admin_client: Client) -> None:
    assert "There are no products yet." in text_of(client.get("/catalogue"))
    assert "Add one in the admin" in text_of(admin_client.get("/catalogue"))
    assert "No product has “x&lt;” in its name." in text_of(client.get("/catalogue", {"q": "x<"}))


def test_the_list_costs_few_queries_with_ten_thousand_products(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    products = Product.objects.bulk_create(Product(name=f"Product {number:05d}") for number in range(10_000))
    OfferFactory(product=products[0])
    with django_assert_max_num_queries(4):
        page = text_of(client.get("/catalogue", {"q": "product", "after": str(products[4999].pk)}))
    assert names_in(page)[0] == "Product 05000"


def test_a_product_is_shown_with_its_offers_and_what_became_of_the_others(client: Client) -> None:
    product = ProductFactory(description="Soft <b>")
    offer_with_history(product, 1234, start=timezone.now())
    gone = offer_with_history(product, 999, start=timezone.now())
    Offer.objects.filter(pk=gone.pk).update(gone_at=timezone.now())
    page = text_of(client.get(f"/catalogue/{product.pk}"))
    assert "Soft &lt;b&gt;" in page
    assert (
        page.index("Current offers")
        < page.index("1,234", page.index("Current offers"))
        < page.index("Former offers, most recent")
    )


@pytest.mark.parametrize(
    ("query", "file_exists"),
    [
        ({}, True),
        ({"period": "24h"}, True),
        ({"period": "1h"}, True),
        ({"period": "nonsense"}, True),
        ({"start": "2026-01-01T00:00", "end": "2026-01-02T00:00"}, False),
    ],
)
def test_the_chart_is_of_the_period_that_was_chosen(
    client: Client, query: dict[str, str], *, file_exists: bool
) -> None:
    product = offer_with_history(ProductFactory(), 100, 80, start=timezone.now() - timedelta(hours=3)).product
    page = text_of(client.get(f"/catalogue/{product.pk}", query))
    assert (chart_of(page) is not None) is file_exists
    assert ("vendor/echarts.min" in page) is file_exists  # loaded only where something is drawn
    assert ("There was no price in this period." in page) is not file_exists


def test_offers_are_called_by_a_number_rather_than_by_a_uuid(client: Client) -> None:
    product = ProductFactory()
    first, second = (offer_with_history(product, price, start=timezone.now()) for price in (9, 8))
    Offer.objects.filter(pk=first.pk).update(offer_id="0191d6a5-7c4d-7d5e-9d3e-1f8f3f1f2a3b")
    Offer.objects.filter(pk=second.pk).update(offer_id="Gate 7 · used", gone_at=timezone.now())
    chart = chart_of(text_of(client.get(f"/catalogue/{product.pk}")))
    assert [(line["name"], line["role"]) for line in chart["series"]] == [
        ("Best in stock", "best"), ("Offer 1", ""), ("Gate 7 · used", "gone"),
    ]  # fmt: skip


def test_the_best_prices_of_products_are_compared(client: Client) -> None:
    start = timezone.now() - timedelta(hours=3)
    mine, theirs, twin = (
        offer_with_history(ProductFactory(name=name), price, start=start).product
        for name, price in (("Gin", 20), ("Rum", 30), ("Gin", 25))
    )
    chart = chart_of(
        text_of(client.get(f"/catalogue/{mine.pk}", {"compare": [str(theirs.pk), str(twin.pk), "x"], "period": "24h"}))
    )
    assert [(line["name"], [price for _, price, _ in line["data"]]) for line in chart["series"]] == [
        ("Gin (1)", [20]), ("Rum", [30]), ("Gin (3)", [25]),
    ]  # fmt: skip


def test_a_product_to_compare_is_found_by_its_name_and_the_period_is_kept(client: Client) -> None:
    mine, theirs = (
        offer_with_history(ProductFactory(name=name), 5, start=timezone.now()).product for name in ("Gin", "Gin & lime")
    )
    page = text_of(client.get(f"/catalogue/{mine.pk}", {"find": "gin", "period": "24h"}))
    (address,) = re.findall(r'<a class="button plain" href="([^"]+)" aria-label="Compare with', page)
    assert unescape(address) == f"?period=24h&compare={theirs.pk}"
    compared = text_of(client.get(f"/catalogue/{mine.pk}{unescape(address)}"))
    assert f'href="?period=7d&amp;compare={theirs.pk}"' in compared
    assert 'aria-label="Remove Gin &amp; lime"' in compared
    assert "No other product has “rum” in its name." in text_of(client.get(f"/catalogue/{mine.pk}", {"find": "rum"}))


def test_the_figures_are_those_of_the_best_price_in_stock(client: Client) -> None:
    product = offer_with_history(ProductFactory(), 100, 120, 80, start=timezone.now() - timedelta(hours=3)).product
    page = text_of(client.get(f"/catalogue/{product.pk}", {"period": "all"}))
    figures = re.findall(r"<dd>(?:<(?:span|time)[^>]*>)?([^<]+)", page)
    lowest_at = f"{product.offers.get().changes.get(price=80).observed_at:%Y-%m-%d} UTC"
    assert figures == ["80", "-20.00%", "80", lowest_at, "120", "100.00", "100"]


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"start": "2026-02-01T00:00", "end": "2026-01-01T00:00"}, "Start is after end."),
        ({"start": "yesterday"}, "Start: Datetime has wrong format"),
        ({"end": "0001-01-01T00:00"}, "End: There are no prices from before 1970."),
    ],
)
def test_a_period_that_cannot_be_is_refused_in_words(client: Client, query: dict[str, str], fault: str) -> None:
    answer = client.get(f"/catalogue/{ProductFactory().pk}", query)
    assert (answer.status_code, fault in text_of(answer)) == (400, True)


def test_a_product_that_is_not_there_is_a_404(client: Client) -> None:
    assert client.get("/catalogue/00000000-0000-0000-0000-000000000000").status_code == 404


def test_where_the_api_needs_a_token_the_catalogue_needs_a_login(
    client: Client, admin_client: Client, settings: Any
) -> None:
    settings.REQUIRE_TOKEN = True
    path = f"/catalogue/{ProductFactory().pk}"
    assert client.get(path)["Location"] == f"/login?next={path}"
    assert admin_client.get(path).status_code == 200


def test_a_product_whose_refresh_failed_says_why(client: Client) -> None:
    product = ProductFactory(offers_error="The offers service answered 500.")
    assert "The offers service answered 500." in client.get(f"/catalogue/{product.pk}").content.decode()


PEN = "4006381333931"


def test_a_product_shows_what_was_sold_on_board(client: Client) -> None:
    product = ProductFactory(sku=PEN, category="Office")
    PurchaseFactory(product_id=PEN, quantity=3, price="2.50", currency="EUR", purchased_on="2026-01-02")
    page = text_of(client.get(f"/catalogue/{product.pk}"))
    assert f"Office · SKU {PEN}" in page
    row = page[page.index(f"All purchases of {PEN}") :]
    assert re.findall(r"<t[hd][^>]*>(?:<time[^>]*>)?([^<]+)(?:</time>)?</t[hd]>", row)[6:12] == [
        "EUR",
        "1",
        "3",
        "7.50",
        "2026-01-02",
        "2026-01-02",
    ]


def test_a_product_without_a_sku_says_nothing_of_sales_and_one_without_sales_says_so(client: Client) -> None:
    PurchaseFactory(product_id="0071")
    assert "Sold on board" not in text_of(client.get(f"/catalogue/{ProductFactory().pk}"))
    assert "None has been sold on board yet." in text_of(client.get(f"/catalogue/{ProductFactory(sku=PEN).pk}"))


@pytest.mark.parametrize(("role", "may_see"), [("analyst", False), ("viewer", True), ("operator", True)])
def test_where_tokens_are_required_sales_are_for_those_who_may_see_purchases(
    client: Client, settings: Any, role: str, *, may_see: bool
) -> None:
    settings.REQUIRE_TOKEN = True
    user = User.objects.create_user("ada")
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    page = text_of(client.get(f"/catalogue/{ProductFactory(sku=PEN).pk}"))
    assert ("Sold on board" in page) is may_see


def test_a_product_is_found_by_its_sku(client: Client) -> None:
    ProductFactory(sku=PEN, name="Ball pen")
    ProductFactory(name="Other")
    page = text_of(client.get("/catalogue", {"q": PEN}))
    assert "Ball pen" in page
    assert "Other" not in page
