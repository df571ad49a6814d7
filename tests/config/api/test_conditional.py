"""ETags: what is known is not sent again, what was changed by another is not changed."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from inflight.models import Customer, Delivery, ImportRun, Purchase
from ingest.models import DataEntry
from metadata_registry.models import Metadata
from tests.factories_catalog import ProductFactory

pytestmark = pytest.mark.django_db

PRODUCT = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def rows() -> None:
    ProductFactory(pk=PRODUCT)
    Metadata.objects.create(pk=PRODUCT, name="a", payload="{}")
    Delivery.objects.create(pk=1, status=Delivery.Status.FAILED)
    ImportRun.objects.create(pk=1, status=ImportRun.Status.COMPLETED)
    customer = Customer.objects.create(customer_id="1")
    Purchase.objects.create(
        purchase_identifier="2/01", customer=customer, product_id="4324", quantity=1, price=1, currency="EUR",
        purchased_on="2024-01-01",
    )  # fmt: skip
    DataEntry.objects.create(pk=1, content="a")


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    "path",
    [
        f"/products/{PRODUCT}", f"/metadata/{PRODUCT}", "/deliveries/1", "/imports/1", "/customers/1", "/purchases/2/01",
        "/data/1",
    ],
)  # fmt: skip
def test_a_resource_that_the_client_has_already_is_not_sent_again(api: APIClient, path: str) -> None:
    etag = api.get(path)["ETag"]
    again = api.get(path, HTTP_IF_NONE_MATCH=f'"other", {etag}')
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)


def call(api: APIClient, method: str, address: str, if_match: str) -> Any:
    body = None if method == "delete" else {"name": "mine"}
    return getattr(api, method)(address, body, format="json", HTTP_IF_MATCH=if_match)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_of_what_another_has_changed_is_412(api: APIClient, method: str) -> None:
    address = f"/products/{ProductFactory(name='old').pk}"
    etag = api.get(address)["ETag"]
    api.patch(address, {"name": "another's"}, format="json")
    response = call(api, method, address, etag)
    assert (response.status_code, Product.objects.get().name) == (412, "another's")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("if_match", ["unquoted", "", '"x"', 'W/"x"'])
def test_if_match_with_anything_else_is_412(api: APIClient, method: str, if_match: str) -> None:
    product = ProductFactory(name="old")
    response = call(api, method, f"/products/{product.pk}", if_match)
    assert (response.status_code, Product.objects.get().name) == (412, "old")


@pytest.mark.parametrize(("method", "status"), [("put", 200), ("patch", 200), ("delete", 204)])
def test_a_change_of_what_was_seen_is_made(api: APIClient, method: str, status: int) -> None:
    address = f"/products/{ProductFactory().pk}"
    assert call(api, method, address, api.get(address)["ETag"]).status_code == status


def test_the_answer_to_a_change_has_the_etag_for_the_next(api: APIClient) -> None:
    address = f"/products/{ProductFactory().pk}"
    first = call(api, "put", address, "*")
    assert call(api, "put", address, first["ETag"]).status_code == 200


def test_what_a_refresh_changes_refuses_nobodys_change_but_is_sent_again(api: APIClient) -> None:
    product = ProductFactory()
    address = f"/products/{product.pk}"
    etag = api.get(address)["ETag"]
    Product.objects.update(offers_error="The offers service answered 500.")
    assert api.get(address, HTTP_IF_NONE_MATCH=etag).status_code == 200
    assert call(api, "patch", address, etag).status_code == 200


def test_metadata_is_deleted_only_as_it_was_seen(api: APIClient) -> None:
    record = Metadata.objects.create(name="a", payload="{}")
    address = f"/metadata/{record.pk}"
    etag = api.get(address)["ETag"]
    assert [call(api, "delete", address, tag).status_code for tag in ('"x"', etag)] == [412, 200]
