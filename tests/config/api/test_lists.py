"""Every list can be taken away whole, as CSV or JSON lines, in bounded memory."""

import csv
import io
import tracemalloc
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from inflight.models import Customer, Purchase
from ingest.models import DataEntry
from metadata_registry.models import Metadata
from tests.factories_catalog import OfferFactory, ProductFactory

pytestmark = pytest.mark.django_db

CSV, NDJSON = "text/csv", "application/x-ndjson"


def sell(number: int) -> None:
    customer = Customer.objects.create(customer_id="1", last_name="Pé;trel")
    Purchase.objects.bulk_create(
        Purchase(
            purchase_identifier=f"2/{place:07}", customer=customer, product_id="4324", quantity=1, price="91.20",
            currency="EUR", purchased_on="2024-01-01",
        )
        for place in range(number)
    )  # fmt: skip


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response).decode(), newline="")))


def test_a_list_as_csv_has_all_rows_with_a_header(api: APIClient) -> None:
    sell(2500)
    response = api.get("/purchases", HTTP_ACCEPT=CSV)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = rows_of(response)
    assert (len(rows), rows[0]) == (
        2500,
        {
            "purchase_identifier": "2/0000000", "customer_id": "1", "product_id": "4324", "quantity": "1", "price": "91.2",
            "currency": "EUR", "purchased_on": "2024-01-01",
        },
    )  # fmt: skip


def test_a_list_as_json_lines_has_the_rows_of_the_list_as_json(api: APIClient) -> None:
    sell(150)
    lines = body(api.get("/purchases", HTTP_ACCEPT=NDJSON)).splitlines()
    assert [orjson.loads(line) for line in lines] == api.get("/purchases?limit=1000").json()


def test_the_filters_and_the_order_are_those_of_the_list(api: APIClient) -> None:
    sell(3)
    Customer.objects.create(customer_id="2")
    assert [row["last_name"] for row in rows_of(api.get("/customers?email=x", HTTP_ACCEPT=CSV))] == []
    assert len(rows_of(api.get("/purchases?customer_id=1", HTTP_ACCEPT=CSV))) == 3


def test_an_empty_list_as_csv_has_its_header(api: APIClient) -> None:
    assert body(api.get("/products", HTTP_ACCEPT=CSV)).startswith(b"id,name,description,")


def test_what_a_cell_cannot_hold_is_json_in_it(api: APIClient) -> None:
    sell(1)
    [row] = rows_of(api.get("/customers", HTTP_ACCEPT=CSV))
    assert (row["last_name"], orjson.loads(row["purchases"])[0]["price"]) == ("Pé;trel", 91.2)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_text_that_a_spreadsheet_would_compute_is_made_harmless(api: APIClient, name: str) -> None:
    ProductFactory(name=name)
    assert rows_of(api.get("/products", HTTP_ACCEPT=CSV))[0]["name"] == f"'{name}"


@pytest.mark.parametrize("accept", [CSV, NDJSON])
def test_a_page_can_be_had_in_the_same_formats(api: APIClient, accept: str) -> None:
    sell(3)
    response = api.get("/purchases?limit=2", HTTP_ACCEPT=accept)
    assert 'rel="next"' in response["Link"]
    assert body(response).count(b"2/000000") == 2


def test_a_list_of_a_resource_can_be_taken_away_too(api: APIClient) -> None:
    offer = OfferFactory()
    assert len(rows_of(api.get(f"/products/{offer.product_id}/offers", HTTP_ACCEPT=CSV))) == 1


@pytest.mark.parametrize(
    "path",
    ["/imports", "/deliveries", "/customers", "/purchases", "/products", "/data", "/compute/jobs", "/compute/files"],
)
@pytest.mark.parametrize("accept", [CSV, NDJSON])
def test_every_list_has_them(api: APIClient, path: str, accept: str, settings: Any) -> None:
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {settings.API_TOKEN}")
    assert api.get(path, HTTP_ACCEPT=accept).status_code == 200


def test_metadata_and_data_have_them_too(api: APIClient) -> None:
    Metadata.objects.create(name="a", payload='{"sourceName": "b"}')
    DataEntry.objects.create(content="a")
    assert rows_of(api.get("/metadata", HTTP_ACCEPT=CSV))[0]["payload"] == '{"sourceName": "b"}'
    assert rows_of(api.get("/data", HTTP_ACCEPT=CSV))[0]["content"] == "a"


def test_an_empty_registry_is_404_in_every_format(api: APIClient) -> None:
    assert {api.get("/metadata", HTTP_ACCEPT=accept).status_code for accept in (CSV, NDJSON, "*/*")} == {404}


@pytest.mark.parametrize("accept", [CSV, NDJSON])
def test_what_is_no_list_is_not_to_be_had_as_one(api: APIClient, accept: str) -> None:
    assert api.get(f"/products/{ProductFactory().pk}", HTTP_ACCEPT=accept).status_code == 406


def test_a_problem_is_json_whatever_is_accepted(api: APIClient) -> None:
    response = api.get("/purchases?limit=0", HTTP_ACCEPT=CSV)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_no_more_than_a_page_is_read_before_the_first_piece(api: APIClient) -> None:
    sell(5000)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response: Any = api.get("/purchases", HTTP_ACCEPT=NDJSON)
        next(iter(response.streaming_content))
    (read,) = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]  # beside what the audit writes
    assert "LIMIT 500" in read


def test_memory_does_not_grow_with_the_list(api: APIClient) -> None:
    sell(20_000)
    body(api.get("/purchases?limit=1", HTTP_ACCEPT=CSV))  # loads what is loaded once
    tracemalloc.start()
    response: Any = api.get("/purchases", HTTP_ACCEPT=CSV)
    size = sum(len(piece) for piece in response.streaming_content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (size > 500_000, peak < 6_000_000) == (True, True)
