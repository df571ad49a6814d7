"""Products, and two weeks of what shops asked for them: as the stand-in for the offers service would have told it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle

from django.db import transaction
from django.utils import timezone

from catalog.models import Product, RefreshRun
from catalog.offers_client import OffersAnswer, ServiceOffer
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
AWAY_SINCE, AWAY_UNTIL = timedelta(hours=7), timedelta(hours=8)  # ago: nobody answered
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
            _refresh(sold, moment, now)
        Product.objects.update(created_at=now - TWO_WEEKS)


def _moments(now: datetime) -> Iterator[datetime]:
    """Yield when the prices were looked at: coarsely in the past, more closely since yesterday."""
    moment, minutes = now - TWO_WEEKS, cycle([10, 45, 25, 60, 15, 30])
    while moment < now:
        yield moment
        moment += timedelta(hours=4) if moment < now - LAST_DAY else timedelta(minutes=next(minutes))


def _refresh(products: list[Product], moment: datetime, now: datetime) -> None:
    """Let the prices be looked at; the runs of the last day are kept, the one in which nobody answered among them."""
    run = RefreshRun(started_at=moment, finished_at=moment + timedelta(seconds=1), products=len(products))
    if AWAY_SINCE < now - moment < AWAY_UNTIL:
        run.status, run.failures, run.error = RefreshRun.Status.STOPPED, len(products), "offers service: timed out"
    else:
        counts = record_observations(
            [Observation(each.pk, moment, OffersAnswer(_offers(each, moment, now))) for each in products]
        )
        run.status = RefreshRun.Status.COMPLETED
        run.offers_new, run.offers_changed, run.offers_gone = counts.new, counts.changed, counts.gone
    if now - moment < LAST_DAY:
        run.save()


def _offers(product: Product, moment: datetime, now: datetime) -> list[ServiceOffer]:
    told = [ServiceOffer(**offer) for offer in moving_offers(str(product.pk), moment.timestamp())]
    if timedelta(days=3) < now - moment < timedelta(days=10):
        told.append(ServiceOffer(id=SOLD_FOR_A_WEEK, price=told[0].price - 80, items_in_stock=2))
    return told
