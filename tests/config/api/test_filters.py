"""The filters of the lists: what they find, what they refuse, and the indexes that serve them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django_filters import FilterSet
from rest_framework.test import APIClient

from catalog.api.filters import ProductFilter
from catalog.models import Product
from compute.api.filters import JobFilter
from compute.models import Job
from inflight.api.filters import CustomerFilter, DeliveryFilter, ImportFilter, PurchaseFilter
from inflight.models import Customer, Delivery, ImportRun, Purchase
from ingest.api.filters import DataFilter
from ingest.models import DataEntry
from metadata_registry.api.filters import MetadataFilter
from metadata_registry.models import Metadata
from tests.factories_catalog import ProductFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def moments(days: int) -> datetime:
    return NOON + timedelta(days=days)


@pytest.fixture
def caller(api: APIClient, settings: Any) -> APIClient:
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {settings.API_TOKEN}")
    return api


@pytest.fixture
def rows() -> None:
    """Two of each: of the first and of the second day."""
    for day, (status, who) in enumerate([("completed", "ann"), ("failed", "bob")]):
        ImportRun.objects.create(pk=day + 1, status=status, requested_by=who, created_at=moments(day))
        Delivery.objects.create(
            pk=day + 1, status=("delivered", "failed")[day], requested_by=who, created_at=moments(day)
        )
        Job.objects.create(
            pk=day + 1, status="cancelled", operation=("stats", "group_by")[day], sub=who, created_at=moments(day),
            parameters={}, input_bytes=1,
        )  # fmt: skip
        DataEntry.objects.create(
            pk=day + 1, content="a", created_at=moments(day), published_at=(moments(day), None)[day]
        )
    ann = Customer.objects.create(customer_id="C1", last_name="Pétrel", email="Ann@x.org")
    bob = Customer.objects.create(customer_id="c2", last_name="Roe", email="roe@x.org", needs_sending=False)
    for number, (customer, product_id) in enumerate([(ann, "007"), (bob, "7")]):
        Purchase.objects.create(
            purchase_identifier=str(number + 1), customer=customer, product_id=product_id, quantity=1, price=1, currency="EUR",
            purchased_on=moments(number).date(),
        )  # fmt: skip
    ProductFactory(name="Red 100% wool", registration="registered")
    ProductFactory(name="blue", registration="pending")
    for name, payload in [("Aa_1", '{"sourceName": "x"}'), ("Ab", '{"sourceName": "Flights"}')]:
        Metadata.objects.create(name=name, payload=payload)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        *[
            (path, query, found)
            for path in ("/imports", "/deliveries", "/compute/jobs")
            for query, found in [
                ("requested_by=ann", [1]),
                ("requested_by=an", []),
                ("created_after=2026-01-03T12:00:00Z", [2]),
                ("created_after=2026-01-03T12:00:01Z", []),
                ("created_before=2026-01-02T12:00:00", [1]),
                ("created_before=2026-01-02T13:00:00%2B01:00", [1]),
                ("created_after=2026-01-02T12:00:00Z&created_before=2026-01-02T12:00:00Z", [1]),
            ]
        ],
        ("/imports", "status=failed", [2]),
        ("/deliveries", "status=delivered", [1]),
        ("/compute/jobs", "status=done", []),
        ("/compute/jobs", "operation=stats&requested_by=ann", [1]),
        ("/compute/jobs", "operation=stats&requested_by=bob", []),
        ("/data", "published=true", [1]),
        ("/data", "published=false", [2]),
        ("/data", "created_after=2026-01-03T00:00:00Z", [2]),
        ("/data", "created_before=2026-01-03T00:00:00Z&published=false", []),
    ],
)
def test_a_filter_finds_by_number(caller: APIClient, path: str, query: str, found: list[int]) -> None:
    assert [row["id"] for row in caller.get(f"{path}?limit=10&{query}").json()] == found


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("path", "query", "field", "found"),
    [
        ("/customers", "email=ann@X.ORG", "email", ["Ann@x.org"]),
        ("/customers", "email=ann", "email", []),
        ("/customers", "q=ann@", "email", ["Ann@x.org"]),
        ("/customers", "q=ro", "email", ["roe@x.org"]),
        ("/customers", "q=C1", "email", ["Ann@x.org"]),
        ("/customers", "q=etrel", "email", []),
        ("/customers", "q=%25", "email", []),
        ("/customers", "changed=true", "email", ["Ann@x.org"]),
        ("/customers", "changed=false", "email", ["roe@x.org"]),
        ("/purchases", "customer_id=C1", "purchase_identifier", ["1"]),
        ("/purchases", "product_id=7", "purchase_identifier", ["2"]),
        ("/purchases", "purchased_after=2026-01-03", "purchase_identifier", ["2"]),
        ("/purchases", "purchased_before=2026-01-02", "purchase_identifier", ["1"]),
        ("/products", "q=100%25", "name", ["Red 100% wool"]),
        ("/products", "q=BLU", "name", ["blue"]),
        ("/products", "registration=registered", "name", ["Red 100% wool"]),
        ("/metadata", "name=Ab", "name", ["Ab"]),
        ("/metadata", "name_prefix=A", "name", ["Aa_1", "Ab"]),
        ("/metadata", "name_prefix=Aa_", "name", ["Aa_1"]),
        ("/metadata", "q=flights", "name", ["Ab"]),
    ],
)
def test_a_filter_finds_by_text(api: APIClient, path: str, query: str, field: str, found: list[str]) -> None:
    assert [row[field] for row in api.get(f"{path}?limit=10&{query}").json()] == found


PERIOD = [
    (name, text)
    for name in ("created_after", "created_before")
    for text in ("", "x", "2026-13-01", "2026-01-01T25:00:00Z")
]
TEXT = ["", "a\0b", "a" * 1001]


@pytest.mark.parametrize(
    ("path", "name", "text"),
    [
        *[(path, *wrong) for path in ("/imports", "/deliveries", "/compute/jobs", "/data") for wrong in PERIOD],
        *[
            (path, "status", text)
            for path in ("/imports", "/deliveries", "/compute/jobs")
            for text in ("", "x", "FAILED")
        ],
        *[(path, "requested_by", text) for path in ("/imports", "/deliveries", "/compute/jobs") for text in TEXT],
        *[("/customers", name, text) for name in ("email", "q") for text in TEXT],
        *[("/customers", "changed", text) for text in ("", "x", "1", "True")],
        *[("/purchases", name, text) for name in ("customer_id", "product_id") for text in TEXT],
        *[
            ("/purchases", "purchased_after", text)
            for text in ("", "x", "2026-02-30", "2026-01-01T00:00:00Z", "01/02/2026")
        ],
        *[("/products", "q", text) for text in TEXT],
        ("/products", "registration", "x"),
        *[("/metadata", name, text) for name in ("name", "name_prefix", "q") for text in TEXT],
        *[("/data", "published", text) for text in ("", "x", "0")],
        ("/data", "created_after", "0001-01-01T00:00:00+14:00"),
        ("/data", "created_before", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_what_is_no_value_is_a_400_that_names_the_filter(caller: APIClient, path: str, name: str, text: str) -> None:
    response = caller.get(path, {name: text})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, name)


SERVED: list[tuple[type[FilterSet], Any, str, str, str]] = [
    (CustomerFilter, Customer.objects.all(), "customer_id", "email=ann9@x.org", "customer_email"),
    (CustomerFilter, Customer.objects.all(), "customer_id", "q=ann9@", "customer_last_name"),
    (CustomerFilter, Customer.objects.all(), "customer_id", "changed=true", "customer_needs_sending"),
    (PurchaseFilter, Purchase.objects.all(), "purchase_identifier", "customer_id=9", "purchase_customer"),
    (ImportFilter, ImportRun.objects.all(), "-id", "status=queued", "import_by_status"),
    (ImportFilter, ImportRun.objects.all(), "-id", "requested_by=9", "import_by_requester"),
    (ImportFilter, ImportRun.objects.all(), "-id", "created_after=2126-01-01T00:00:00Z", "import_by_time"),
    (DeliveryFilter, Delivery.objects.all(), "-id", "status=failed", "delivery_by_status"),
    (DeliveryFilter, Delivery.objects.all(), "-id", "requested_by=9", "delivery_by_requester"),
    (DeliveryFilter, Delivery.objects.all(), "-id", "created_before=1999-01-01T00:00:00Z", "delivery_by_time"),
    (JobFilter, Job.objects.all(), "-id", "status=done", "job_by_status"),
    (JobFilter, Job.objects.all(), "-id", "operation=preview", "job_by_operation"),
    (JobFilter, Job.objects.all(), "-id", "requested_by=9", "job_by_requester"),
    (JobFilter, Job.objects.all(), "-id", "created_after=2126-01-01T00:00:00Z", "job_by_time"),
    (ProductFilter, Product.objects.all(), "id", "registration=failed", "product_by_registration"),
    (MetadataFilter, Metadata.objects.filter(deleted_at=None), "id", "name=9", "metadata_live_by_name"),
    (MetadataFilter, Metadata.objects.filter(deleted_at=None), "id", "name_prefix=9", "metadata_live_by_prefix"),
    (DataFilter, DataEntry.objects.all(), "id", "published=false", "data_entries_"),
    (DataFilter, DataEntry.objects.all(), "id", "created_after=2126-01-01T00:00:00Z", "data_entries_by_time"),
]  # fmt: skip


def fill() -> None:
    """Make a thousand rows in each table, as the statistics of the database see them."""
    numbers = range(1000)
    Customer.objects.bulk_create(
        Customer(customer_id=str(n), last_name=f"N{n}", email=f"ann{n}@x.org", needs_sending=n == 9) for n in numbers
    )
    Purchase.objects.bulk_create(
        Purchase(
            purchase_identifier=str(n), customer_id=str(n), product_id=str(n), quantity=1, price=1, currency="EUR",
            purchased_on=NOON,
        )
        for n in numbers
    )  # fmt: skip
    ImportRun.objects.bulk_create(ImportRun(status="completed", requested_by=str(n)) for n in numbers)
    Delivery.objects.bulk_create(Delivery(status="delivered", requested_by=str(n)) for n in numbers)
    Job.objects.bulk_create(
        Job(status="cancelled", operation="stats", sub=str(n), parameters={}, input_bytes=1) for n in numbers
    )
    Product.objects.bulk_create(Product(name=str(n), registration="registered") for n in numbers)
    Metadata.objects.bulk_create(Metadata(name=str(n), payload="{}") for n in numbers)
    DataEntry.objects.bulk_create(DataEntry(content="a" * 100, published_at=NOON) for n in numbers)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite reads the table where an index does not fit")
def test_each_filter_is_served_by_its_index() -> None:
    fill()
    plans = {}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for filters, queryset, ordering, query, index in SERVED:
            found = filters(data=QueryDict(query), queryset=queryset).qs.order_by(ordering)[:101]
            plan = found.explain()
            plans[filters.__name__, query] = "" if index in plan else plan
    unserved = [f"{where}: {plan}" for where, plan in plans.items() if plan]
    assert "\n".join(unserved) == ""
