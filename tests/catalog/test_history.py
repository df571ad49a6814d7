"""What is forgotten, and what is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Offer, OfferChange, RefreshRun
from catalog.services.history import drop_old_history
from tests.factories_catalog import OfferFactory, ProductFactory, offer_with_history

pytestmark = pytest.mark.django_db

YEARS_AGO = timezone.now() - timedelta(days=800)
HOUR = timedelta(hours=1)


def test_old_changes_are_dropped_but_for_the_one_in_force_at_the_cut() -> None:
    offer = offer_with_history(ProductFactory(), 1, 2, 3, start=YEARS_AGO)
    OfferChange.objects.create(offer=offer, observed_at=timezone.now(), price=4, items_in_stock=1)
    drop_old_history()
    assert list(offer.changes.order_by("observed_at").values_list("price", flat=True)) == [3, 4]


def test_young_changes_are_kept() -> None:
    offer = offer_with_history(ProductFactory(), 1, 2, 3, start=timezone.now() - 10 * HOUR)
    drop_old_history()
    assert offer.changes.count() == 3


def test_offers_gone_long_ago_are_dropped_with_their_history() -> None:
    offer = offer_with_history(ProductFactory(), 1, None, start=YEARS_AGO)
    Offer.objects.update(gone_at=YEARS_AGO + HOUR)
    kept = OfferFactory()
    drop_old_history()
    assert list(Offer.objects.all()) == [kept]
    assert offer.changes.count() == 0


def test_old_runs_are_dropped() -> None:
    RefreshRun.objects.create(status="completed", finished_at=YEARS_AGO)
    kept = RefreshRun.objects.create(status="completed", finished_at=timezone.now())
    drop_old_history()
    assert list(RefreshRun.objects.all()) == [kept]
