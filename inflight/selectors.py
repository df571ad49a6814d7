"""Queries of inflight."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from django.conf import settings
from django.db.models import FloatField, Q, QuerySet, TextField
from django.db.models.functions import Cast

from inflight.models import Customer, Delivery, DeliveryAttempt, Purchase
from inflight.partner.documents import CustomerDocument, PurchaseLine, customer_document

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
