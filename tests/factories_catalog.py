"""Products, offers and their history for tests."""

from datetime import UTC, datetime, timedelta

import factory

from catalog.models import Offer, OfferChange, Product

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ProductFactory(factory.django.DjangoModelFactory):
    """A product that is registered."""

    class Meta:
        model = Product

    name = factory.Sequence(lambda number: f"Product {number}")
    registration = Product.Registration.REGISTERED


class OfferFactory(factory.django.DjangoModelFactory):
    """A current offer, without history."""

    class Meta:
        model = Offer

    product = factory.SubFactory(ProductFactory)
    offer_id = factory.Sequence(lambda number: f"offer-{number}")
    price = 100
    items_in_stock = 5


def offer_with_history(product: Product, *prices: int | None, start: datetime = NOON, stock: int = 5) -> Offer:
    """Make an offer whose price was each of these for an hour, from `start` on; None is an hour in which it was gone."""
    last = next(price for price in reversed(prices) if price is not None)
    offer: Offer = OfferFactory(product=product, price=last, items_in_stock=stock)
    for hours, price in enumerate(prices):
        OfferChange.objects.create(
            offer=offer,
            observed_at=start + timedelta(hours=hours),
            price=price,
            items_in_stock=None if price is None else stock,
        )
    return offer
