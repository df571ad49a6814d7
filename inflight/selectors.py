"""Queries of inflight."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db.models import Q, QuerySet

from inflight.models import Customer, Delivery, Purchase
from inflight.outgoing import CustomerDocument, PurchaseLine, customer_document

ACTIVE_DELIVERY = Q(status__in=Delivery.ACTIVE)


def active_delivery() -> Delivery | None:
    """Return the delivery under way, if there is one."""
    return Delivery.objects.filter(ACTIVE_DELIVERY).first()


def customers_to_send(delivery: Delivery) -> QuerySet[Customer]:
    """Return the customers that are not in one of the delivery's batches yet, by id."""
    customers = Customer.objects.filter(customer_id__gt=delivery.prepared_through).order_by("customer_id")
    return customers.filter(needs_sending=True) if delivery.only == Delivery.Only.CHANGED else customers


def outgoing_customers(customers: Iterable[Customer]) -> list[CustomerDocument]:
    """Return the given customers in the partner's shape, purchases by date, then identifier. Two queries at most."""
    customers = list(customers)
    purchases = _purchases_of([customer.pk for customer in customers])
    return [
        customer_document(
            title=customer.title,
            last_name=customer.last_name,
            first_name=customer.first_name,
            email=customer.email,
            purchases=purchases[customer.pk],
            currency_names=settings.CURRENCY_NAMES,
        )
        for customer in customers
    ]


def _purchases_of(customer_ids: Sequence[str]) -> dict[str, list[PurchaseLine]]:
    rows = (
        Purchase.objects.filter(customer_id__in=customer_ids)
        .order_by("purchased_on", "purchase_identifier")
        .values_list("customer_id", "product_id", "price", "currency", "quantity", "purchased_on")
    )
    purchases: dict[str, list[PurchaseLine]] = defaultdict(list)
    for row in rows.iterator(chunk_size=5000):
        purchases[row[0]].append(PurchaseLine(*row[1:]))
    return purchases
