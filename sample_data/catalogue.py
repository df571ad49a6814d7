"""Products, and two weeks of what shops asked for them: as the stand-in for the offers service would have told it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.models import Product, RefreshRun
from catalog.offers_client import ServiceOffer
from catalog.services.observations import Observation, record_observations
from catalog.services.products import create_product
from tests.fakes.offers import moving_offers

PRODUCTS = {
    "Eau de parfum, 50 ml": "A classic of the trolley.",
    "Model aeroplane, 1:200": "The one you are sitting in.",
    "Silk scarf, 90 cm": "Rolled by hand; the pattern is the map of our routes.",
    "Noise-cancelling headset": "Folds flat; 30 hours on one charge.",
    "Single malt, 70 cl": "Twelve years in sherry casks. Handed out after landing.",
    "Chocolate selection, 400 g": "Twenty-four pralines from Brussels.",
    "Travel adapter, 65 W": "Every socket of our network, and two of USB-C.",
    "Gift set "
    + "of everything on the trolley, " * 4: "Its name is too long for the offers service: see its registration.",
}
TWO_WEEKS, LAST_DAY = timedelta(days=14), timedelta(days=1)
SOLD_FOR_A_WEEK = "pop-up shop, terminal 2"


def make_products() -> None:
    """Make the products with their past, unless there are products already.

    One transaction: the worker, which goes on from here, must not see them before.
    """
    if Product.objects.exists():
        return
    now = timezone.now()
    with transaction.atomic():
        made = [create_product(name=name.strip(), description=text) for name, text in PRODUCTS.items()]
        sold = made[:-1]
        for moment in _moments(now):
            counts = record_observations([Observation(each.pk, moment, _offers(each, moment, now)) for each in sold])
            if moment > now - LAST_DAY:
                RefreshRun.objects.create(
                    status=RefreshRun.Status.COMPLETED,
                    started_at=moment,
                    finished_at=moment + timedelta(seconds=1),
                    products=len(sold),
                    offers_new=counts.new,
                    offers_changed=counts.changed,
                    offers_gone=counts.gone,
                )
        Product.objects.update(created_at=now - TWO_WEEKS)


def _moments(now: datetime) -> Iterator[datetime]:
    """Yield when the prices were looked at: coarsely in the past, more closely since yesterday."""
    moment = now - TWO_WEEKS
    while moment < now:
        yield moment
        moment += timedelta(hours=4) if moment < now - LAST_DAY else timedelta(minutes=30)


def _offers(product: Product, moment: datetime, now: datetime) -> list[ServiceOffer]:
    told = [ServiceOffer(**offer) for offer in moving_offers(str(product.pk), moment.timestamp())]
    if timedelta(days=3) < now - moment < timedelta(days=10):
        told.append(ServiceOffer(id=SOLD_FOR_A_WEEK, price=told[0].price - 80, items_in_stock=2))
    return told
