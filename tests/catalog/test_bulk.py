"""Skus and categories of products by the API, and several products in one request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ
from rest_framework.test import APIClient

from catalog.exceptions import SkuTaken
from catalog.models import Product
from catalog.services import products
from tests.factories_catalog import ProductFactory
from tests.sessions import held_elsewhere

pytestmark = pytest.mark.django_db

PEN, MOWER, SOAP = "4006381333931", "5901234123457", "96385074"


def post(api: APIClient, body: Any, **headers: str) -> Any:
    return api.post("/api/products", body, format="json", headers=headers)


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(each["field"], each["code"]) for each in answer.json()["errors"]]


def test_a_product_has_a_sku_and_a_category(api: APIClient) -> None:
    body = post(api, {"name": "Pen", "sku": PEN, "category": "Office"}).json()
    assert (body["sku"], body["category"]) == (PEN, "Office")
    assert api.get(f"/api/products/{body['id']}").json() == body


def test_neither_is_needed_and_several_may_go_without(api: APIClient) -> None:
    for _ in range(2):
        body = post(api, {"name": "Pen"}).json()
        assert (body["sku"], body["category"]) == (None, "")


@pytest.mark.parametrize("sku", ["4006381333932", "123", "", 4006381333931, "x" * 20])
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_sku_that_is_none_is_refused(api: APIClient, method: str, sku: Any) -> None:
    path = "/api/products" if method == "post" else f"/api/products/{ProductFactory().pk}"
    answer = getattr(api, method)(path, {"name": "Pen", "sku": sku}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "sku")
    assert not Product.objects.exclude(sku=None).exists()


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_sku_of_another_product_is_a_conflict(api: APIClient, method: str) -> None:
    ProductFactory(sku=PEN)
    path = "/api/products" if method == "post" else f"/api/products/{ProductFactory().pk}"
    answer = getattr(api, method)(path, {"name": "Pen", "sku": PEN}, format="json")
    assert (answer.status_code, errors(answer)) == (409, [("sku", "sku_taken")])
    assert Product.objects.filter(sku=PEN).count() == 1


def test_a_product_may_be_given_its_own_sku_again_or_lose_it(api: APIClient) -> None:
    path = f"/api/products/{ProductFactory(sku=PEN).pk}"
    assert api.put(path, {"name": "Pen", "sku": PEN}, format="json").json()["sku"] == PEN
    assert api.patch(path, {"sku": None}, format="json").json()["sku"] is None


@contextmanager
def product_that_is_not_committed(sku: str) -> Iterator[bool]:
    with transaction.atomic():
        products.create_product(name="Pen", description="", sku=sku)
        yield True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("several", [False, True])
def test_whoever_is_slower_with_a_sku_waits_and_then_hears_so(*, several: bool) -> None:
    """The look before finds nothing on PostgreSQL, as the other has not committed; the table has the last word."""
    draft = {"name": "Pencil", "description": "", "sku": PEN, "category": ""}
    with held_elsewhere(product_that_is_not_committed(PEN), seconds=1.0), pytest.raises(SkuTaken):
        products.create_products([draft]) if several else products.create_product(**draft)
    assert Product.objects.get().name == "Pen"


def test_products_are_found_by_sku_and_by_category(api: APIClient) -> None:
    pen, soap = ProductFactory(sku=PEN, category="Office"), ProductFactory(category="Care")
    assert [each["id"] for each in api.get("/api/products", {"sku": PEN}).json()] == [str(pen.pk)]
    assert [each["id"] for each in api.get("/api/products", {"category": "Care"}).json()] == [str(soap.pk)]
    assert api.get("/api/products", {"category": "Car"}).json() == []


def test_several_products_are_created_in_one_request(api: APIClient) -> None:
    answer = post(
        api, [{"name": "Pen", "sku": PEN}, {"name": "Mower"}, {"name": "Soap", "sku": SOAP, "category": "Care"}]
    )
    assert answer.status_code == 201
    assert [(each["name"], each["sku"], each["registration"]) for each in answer.json()] == [
        ("Pen", PEN, "pending"), ("Mower", None, "pending"), ("Soap", SOAP, "pending"),
    ]  # fmt: skip
    assert {str(key) for key in Product.objects.values_list("pk", flat=True)} == {each["id"] for each in answer.json()}
    assert OrmQ.objects.count() == 1  # one wake-up for all


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        ([{"name": "A"}, {"name": ""}, {"nmae": "C"}], 400, [("1.name", "blank"), ("2.nmae", "unknown")]),
        ([{"name": "A"}, 5], 400, [("1", "invalid")]),
        ([{"name": "A", "sku": PEN}, {"name": "B", "sku": "1"}], 400, [("1.sku", "invalid")]),
        ([{"name": "A", "sku": PEN}, {"name": "B"}, {"name": "C", "sku": PEN}], 400, [("2.sku", "repeated")]),
        ([{"name": "A"}, {"name": "B", "sku": MOWER}], 409, [("1.sku", "sku_taken")]),
        ([{"name": "A"}] * 1001, 400, [("", "max_length")]),
        ([], 400, [("", "empty")]),
    ],
)
def test_one_bad_product_and_none_is_created(
    api: APIClient, body: list[Any], status: int, found: list[tuple[str, str]]
) -> None:
    ProductFactory(sku=MOWER)
    answer = post(api, body)
    assert (answer.status_code, errors(answer)) == (status, found)
    assert Product.objects.count() == 1


def test_a_thousand_products_take_a_few_statements(api: APIClient) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert post(api, [{"name": f"Product {n}"} for n in range(1000)]).status_code == 201
    assert len(asked) < 60  # SQLite takes some hundred rows a statement


def test_the_same_request_again_creates_nothing_twice(api: APIClient) -> None:
    body, key = [{"name": "Pen", "sku": PEN}, {"name": "Mower"}], {"Idempotency-Key": "k"}
    first, second = post(api, body, **key), post(api, body, **key)
    assert (second.status_code, second.content) == (201, first.content)
    assert Product.objects.count() == 2


def test_a_request_whose_answer_was_lost_is_answered_from_what_it_made(api: APIClient) -> None:
    from config.models import IdempotencyKey  # noqa: PLC0415 - of this test alone

    body, key = [{"name": "Pen", "sku": PEN}, {"name": "Mower"}], {"Idempotency-Key": "k"}
    first = post(api, body, **key)
    IdempotencyKey.objects.update(status=None, body=b"")  # as a process that died before its answer leaves it
    second = post(api, body, **key)
    assert (second.status_code, second.json()) == (201, first.json())
    assert Product.objects.count() == 2
