"""Queries of inflight."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from django.conf import settings
from django.db.models import Count, DecimalField, F, FloatField, Max, Min, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from inflight.models import MAY_BE_SKU, Customer, Delivery, DeliveryAttempt, Purchase
from inflight.partner.documents import CustomerDocument, PurchaseLine, customer_document

MOST_SALES = 10_000  # that one look at a product adds up
ACTIVE_DELIVERY = Q(status__in=Delivery.ACTIVE)


def active_delivery() -> Delivery | None:
    """Return the delivery under way, if there is one."""
    return Delivery.objects.filter(ACTIVE_DELIVERY).first()


def attempts_of(delivery: Delivery) -> QuerySet[DeliveryAttempt]:
    """Return the requests that a delivery has made, each with its batch, without the bytes."""
    found = DeliveryAttempt.objects.filter(batch__delivery=delivery)
    return found.select_related("batch").defer("batch__payload", "batch__customer_ids")


class Person(Protocol):
    """What the partner gets of a customer: a row of theirs, or these columns of it."""

    customer_id: str
    title: str
    last_name: str
    first_name: str
    email: str


SENT_COLUMNS = tuple(Person.__annotations__)


def customers_to_send(delivery: Delivery) -> QuerySet[Customer]:
    """Return the customers that are not in one of the delivery's batches yet, by id."""
    customers = Customer.objects.filter(customer_id__gt=delivery.prepared_through).order_by("customer_id")
    if delivery.customer_ids is not None:
        return customers.filter(pk__in=delivery.customer_ids)
    return customers.filter(needs_sending=True) if delivery.only == Delivery.Only.CHANGED else customers


def outgoing_customers(customers: Iterable[Person]) -> list[CustomerDocument]:
    """Return the given customers in the partner's shape, purchases by date, then identifier. Two queries at most."""
    customers = list(customers)
    purchases = _purchases_of([customer.customer_id for customer in customers])
    return [
        customer_document(
            title=customer.title,
            last_name=customer.last_name,
            first_name=customer.first_name,
            email=customer.email,
            purchases=purchases[customer.customer_id],
            currency_names=settings.CURRENCY_NAMES,
        )
        for customer in customers
    ]


@dataclass(frozen=True)
class Sales:
    """What was sold of a product on board, in one currency."""

    currency: str
    sales: int
    units: int
    revenue: Decimal
    first_on: date
    last_on: date


def sales_of(sku: str) -> tuple[list[Sales], bool]:
    """Return what was sold of a product by currency, and whether it is all: at most the newest MOST_SALES are added up."""
    newest = Purchase.objects.filter(MAY_BE_SKU, product_id=sku).order_by("-purchased_on").values("pk")[:MOST_SALES]
    rows = (
        Purchase.objects.filter(pk__in=newest)
        .values_list("currency")
        .annotate(
            sales=Count("pk"),
            units=Sum("quantity"),
            revenue=Sum(F("price") * F("quantity"), output_field=DecimalField()),
            first_on=Min("purchased_on"),
            last_on=Max("purchased_on"),
        )
        .order_by("-units", "currency")
    )
    found = [Sales(*row) for row in rows]
    return found, sum(each.sales for each in found) < MOST_SALES


def _purchases_of(customer_ids: Sequence[str]) -> dict[str, list[PurchaseLine]]:
    """Prices and dates come as the database has them: to make Decimals and dates of them takes as long as all else."""
    rows = (
        Purchase.objects.filter(customer_id__in=customer_ids)
        .order_by("purchased_on", "purchase_identifier")
        .annotate(number=Cast("price", FloatField()), day=Cast("purchased_on", TextField()))
        .values_list("customer_id", "product_id", "number", "currency", "quantity", "day")
    )
    purchases: dict[str, list[PurchaseLine]] = defaultdict(list)
    for row in rows:
        purchases[row[0]].append(PurchaseLine(*row[1:]))
    return purchases
