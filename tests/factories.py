"""Test data for inflight."""

from datetime import date

import factory

from inflight.models import Customer, Purchase


class CustomerFactory(factory.django.DjangoModelFactory):
    """A customer with all fields known."""

    class Meta:
        model = Customer

    customer_id = factory.Sequence(lambda n: f"{n:05d}")
    title = "2"
    last_name = factory.Sequence(lambda n: f"Last{n}")
    first_name = "Chuck"
    postal_code = "06400"
    city = "Cannes"
    email = factory.LazyAttribute(lambda customer: f"{customer.last_name.lower()}@example.fr")


class PurchaseFactory(factory.django.DjangoModelFactory):
    """A purchase of a customer of its own."""

    class Meta:
        model = Purchase

    purchase_identifier = factory.Sequence(lambda n: f"2/{n:05d}")
    customer = factory.SubFactory(CustomerFactory)
    product_id = "0071"
    quantity = 1
    price = "10.0000"
    currency = "EUR"
    purchased_on = date(2024, 11, 3)
