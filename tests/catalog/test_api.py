"""The catalogue's API: what it answers and every refusal."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django_q.models import OrmQ
from rest_framework.test import APIClient

from catalog.models import Offer, OfferChange, Product
from catalog.services.refresh import refresh_offers
from tests.catalog.conftest import known_product
from tests.factories_catalog import NOON, OfferFactory, ProductFactory, offer_with_history
from tests.fakes.offers import Offers

pytestmark = pytest.mark.django_db

PRODUCT = {"name": "Benzinová sekačka", "description": "Nejlepší sekačka na trhu. TLDR"}


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_product_is_created_and_its_registration_is_pending(api: APIClient, prefix: str) -> None:
    response = api.post(f"{prefix}/products", PRODUCT, format="json")
    body = response.json()
    assert response.status_code == 201
    assert body | PRODUCT == body
    assert body["registration"] == "pending"
    assert response["Location"] == f"/api/products/{UUID(body['id'])}"


def test_creating_wakes_a_worker_and_asks_nobody(api: APIClient, offers: Offers) -> None:
    api.post("/api/products", PRODUCT, format="json")
    assert OrmQ.objects.count() == 1
    assert offers.received == []


def test_a_description_is_not_needed(api: APIClient) -> None:
    assert api.post("/api/products", {"name": "x"}, format="json").json()["description"] == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x", "description": None}, "description"),
        ({"name": "x", "description": "x" * 10_001}, "description"),
        ({"name": "x", "description": "a\0"}, "description"),
        ([], ""),
        ("x", ""),
    ],
)
@pytest.mark.parametrize("method", ["post", "put"])
def test_a_product_that_makes_no_sense_is_refused(api: APIClient, method: str, body: Any, field: str) -> None:
    product = ProductFactory(name="as it was")
    path = "/api/products" if method == "post" else f"/api/products/{product.pk}"
    response = getattr(api, method)(path, body, format="json")
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {field}
    assert list(Product.objects.values_list("name", flat=True)) == ["as it was"]


def test_products_are_listed_page_by_page(api: APIClient) -> None:
    ids = sorted(str(product.pk) for product in ProductFactory.create_batch(3))
    first = api.get("/api/products?limit=2")
    rest = api.get(first["Link"].partition(">")[0].removeprefix("<"))
    assert [product["id"] for product in (*first.json(), *rest.json())] == ids


def test_a_product_is_shown(api: APIClient) -> None:
    product = ProductFactory(registration="failed", registration_error="too rude")
    body = api.get(f"/api/products/{product.pk}").json()
    assert (body["id"], body["registration"], body["registration_error"]) == (str(product.pk), "failed", "too rude")


def test_put_replaces(api: APIClient) -> None:
    product = ProductFactory(description="old")
    body = api.put(f"/api/products/{product.pk}", {"name": "new"}, format="json").json()
    assert (body["name"], body["description"]) == ("new", "")


def test_patch_changes_what_it_names(api: APIClient) -> None:
    product = ProductFactory(name="kept", description="old")
    response = api.patch(f"/api/products/{product.pk}", {"description": "new"}, format="json")
    assert response.status_code == 200
    assert (response.json()["name"], response.json()["description"]) == ("kept", "new")


@pytest.mark.parametrize("owned", [{"id": str(uuid4())}, {"registration": "registered"}], ids=["id", "registration"])
def test_the_server_owns_id_and_registration(api: APIClient, owned: dict[str, str]) -> None:
    response = api.post("/api/products", PRODUCT | owned, format="json")
    assert (response.status_code, Product.objects.count()) == (400, 0)


def test_delete_takes_offers_and_history_along(api: APIClient) -> None:
    product = offer_with_history(ProductFactory(), 100, 80).product
    assert api.delete(f"/api/products/{product.pk}").status_code == 204
    assert (Product.objects.count(), Offer.objects.count(), OfferChange.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("identifier", ["8df31bb0-0d9d-43f1-8ed0-7983ee8d92a9", "7", "x"])
@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("get", ""),
        ("put", ""),
        ("patch", ""),
        ("delete", ""),
        ("post", "/register"),
        ("get", "/offers"),
        ("get", "/price-trend"),
    ],
)
def test_an_unknown_product_is_404(api: APIClient, method: str, suffix: str, identifier: str) -> None:
    body = PRODUCT if method in {"put", "patch"} else None
    response = getattr(api, method)(f"/api/products/{identifier}{suffix}", body, format="json")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path"),
    [("delete", "/api/products"), ("post", "/api/products/{}/offers"), ("put", "/products/{}/offers")],
)
def test_what_is_not_offered_is_405(api: APIClient, method: str, path: str) -> None:
    assert getattr(api, method)(path.format(ProductFactory().pk)).status_code == 405


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/products"),
        ("post", "/api/products"),
        ("get", "/products/{}"),
        ("put", "/api/products/{}"),
        ("patch", "/api/products/{}"),
        ("delete", "/products/{}"),
        ("post", "/api/products/{}/register"),
        ("get", "/api/products/{}/offers"),
        ("get", "/api/products/{}/price-trend"),
    ],
)
def test_with_require_token_nobody_gets_in_without(api: APIClient, settings: Any, method: str, path: str) -> None:
    settings.REQUIRE_TOKEN = True
    assert getattr(api, method)(path.format(ProductFactory().pk)).status_code == 401


@pytest.mark.parametrize(
    ("before", "after"), [("failed", "pending"), ("pending", "pending"), ("registered", "registered")]
)
def test_a_registration_can_be_tried_again(api: APIClient, before: str, after: str) -> None:
    product = ProductFactory(registration=before, registration_error="too rude")
    response = api.post(f"/api/products/{product.pk}/register")
    assert (response.status_code, response.json()["registration"]) == (202, after)


def test_offers_are_the_current_ones(api: APIClient) -> None:
    product = ProductFactory(offers_observed_at=NOON)
    OfferFactory(product=product, offer_id="a", price=100, items_in_stock=5)
    OfferFactory(product=product, offer_id="b", gone_at=NOON)
    assert api.get(f"/api/products/{product.pk}/offers").json() == [
        {"id": "a", "price": 100, "items_in_stock": 5, "observed_at": "2026-03-01T12:00:00Z", "gone_at": None}
    ]


def test_gone_offers_are_shown_to_those_who_ask(api: APIClient) -> None:
    product = ProductFactory(offers_observed_at=NOON)
    OfferFactory(product=product, offer_id="b", gone_at=NOON)
    body = api.get(f"/api/products/{product.pk}/offers?include=gone").json()
    assert [(offer["id"], offer["gone_at"]) for offer in body] == [("b", "2026-03-01T12:00:00Z")]


def test_an_unknown_include_is_refused(api: APIClient) -> None:
    response = api.get(f"/api/products/{ProductFactory().pk}/offers?include=all")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "include")


def test_the_trend_says_how_prices_moved(api: APIClient) -> None:
    product = offer_with_history(ProductFactory(), 100, 80, 125).product
    path = f"/products/{product.pk}/price-trend?start=2026-03-01T13:30:00Z&end=2026-03-02T00:00:00Z"
    body = api.get(path).json()
    series = {
        "prices": [
            {"observed_at": "2026-03-01T13:30:00Z", "price": 80, "items_in_stock": 5},
            {"observed_at": "2026-03-01T14:00:00Z", "price": 125, "items_in_stock": 5},
        ],
        "change_percent": 56.25,
        "lowest": 80,
        "highest": 125,
        "lowest_30d_before": None,
        "lowest_at": "2026-03-01T13:30:00Z",
        "average": 122.86,  # half an hour at 80, ten at 125
    }
    assert body == {
        "start": "2026-03-01T13:30:00Z",
        "end": "2026-03-02T00:00:00Z",
        "offers": [{"id": product.offers.get().offer_id, "gone_at": None} | series],
        "best": series,
    }


def test_the_trend_of_the_last_days_needs_no_period(api: APIClient, offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5))
    refresh_offers()
    offers.sell(product.pk, ("a", 75, 5))
    refresh_offers()
    best = api.get(f"/api/products/{product.pk}/price-trend").json()["best"]
    assert (best["change_percent"], best["lowest_30d_before"]) == (-25.0, 100)


def test_the_trend_by_the_hour_has_four_prices_of_each(api: APIClient) -> None:
    product = offer_with_history(ProductFactory(), 100, 80, 125, None).product
    change = product.offers.get().changes.get(price=80)
    change.pk, change.observed_at, change.price = None, change.observed_at + timedelta(minutes=10), 200
    change.save()
    path = f"/products/{product.pk}/price-trend?start=2026-03-01T12:30:00Z&end=2026-03-01T18:00:00Z&interval=hour"
    best = api.get(path).json()["best"]
    assert "prices" not in best
    assert [list(each.values()) for each in best["intervals"]] == [  # nothing of the hours in which there was no price
        ["2026-03-01T12:30:00Z", 100, 100, 100, 100],
        ["2026-03-01T13:00:00Z", 80, 200, 80, 200],
        ["2026-03-01T14:00:00Z", 125, 125, 125, 125],
    ]
    assert (best["lowest"], best["lowest_at"], best["average"]) == (80, "2026-03-01T13:00:00Z", 142.0)


def test_a_period_that_is_still_to_come_has_no_intervals(api: APIClient) -> None:
    product = offer_with_history(ProductFactory(), 100).product
    path = f"/products/{product.pk}/price-trend?start=2999-01-01T00:00:00Z&end=2999-01-02T00:00:00Z&interval=hour"
    best = api.get(path).json()["best"]
    assert (best["intervals"], best["lowest"], best["average"]) == ([], 100, 100.0)


def test_more_intervals_than_an_answer_may_have_are_refused(api: APIClient) -> None:
    path = f"/products/{ProductFactory().pk}/price-trend?start=1990-01-01T00:00:00Z"
    assert api.get(f"{path}&interval=day").status_code == 200
    refusal = api.get(f"{path}&interval=hour")
    assert (refusal.status_code, refusal.json()["errors"][0]["field"]) == (400, "interval")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("interval=minute", "interval"),
        ("start=2026-03-02&end=2026-03-01", "start"),
        ("start=yesterday", "start"),
        ("end=0001-01-01T00:00:00Z", "end"),
        ("start=0001-01-01T00:00:00%2B14:00", "start"),
        ("start=9999-12-31T23:59:59-14:00", "start"),
        ("end=2026-13-01T00:00:00Z", "end"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(api: APIClient, query: str, field: str) -> None:
    response = api.get(f"/api/products/{ProductFactory().pk}/price-trend?{query}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)
