"""The price trend as it is read from the history."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from catalog import selectors
from catalog.exceptions import PeriodReversed, PeriodTooLong
from catalog.models import Offer, OfferChange, Product
from catalog.selectors import PriceTrend, price_trend
from tests.factories_catalog import NOON, OfferFactory, ProductFactory, offer_with_history

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def trend_of(product: Product, hours_from: float = 0, hours_to: float = 24) -> PriceTrend:
    return price_trend(product, start=NOON + hours_from * HOUR, end=NOON + hours_to * HOUR)


def prices(trend: PriceTrend, place: int = 0) -> list[int]:
    return trend.offers[place][1].series.prices


def test_the_trend_has_the_changes_of_the_period() -> None:
    product = offer_with_history(ProductFactory(), 100, 80, 125).product
    trend = trend_of(product)
    assert prices(trend) == [100, 80, 125]
    assert trend.offers[0][1].series.change_percent == 25.0


def test_a_period_between_two_changes_begins_with_the_price_in_force() -> None:
    product = offer_with_history(ProductFactory(), 100, 80, 125).product
    trend = trend_of(product, 1.5)
    assert prices(trend) == [80, 125]
    assert trend.offers[0][1].series.points[0].observed_at == NOON + 1.5 * HOUR


def test_both_ends_belong_to_the_period() -> None:
    product = offer_with_history(ProductFactory(), 100, 80, 125).product
    assert prices(trend_of(product, 0, 2)) == [100, 80, 125]


def test_a_period_of_no_length_has_the_price_in_force() -> None:
    product = offer_with_history(ProductFactory(), 100, 80, 125).product
    assert prices(trend_of(product, 1.5, 1.5)) == [80]


def test_before_the_first_change_there_are_no_prices() -> None:
    product = offer_with_history(ProductFactory(), 100, 80).product
    trend = trend_of(product, -48, -24)
    assert (prices(trend), trend.offers[0][1].series.change_percent) == ([], None)


def test_an_offer_gone_at_the_start_begins_when_it_is_back() -> None:
    product = offer_with_history(ProductFactory(), 100, None, 80).product
    assert prices(trend_of(product, 1.5)) == [80]


def test_the_best_price_is_over_all_offers_in_stock() -> None:
    product = ProductFactory()
    offer_with_history(product, 100, 100, 100)
    offer_with_history(product, 90, None, 95)
    offer_with_history(product, 10, 10, 10, stock=0)
    assert trend_of(product).best.series.prices == [90, 100, 95]


def test_the_best_price_in_force_at_the_start_counts_all_offers() -> None:
    product = ProductFactory()
    offer_with_history(product, 100)
    offer_with_history(product, 90)
    assert trend_of(product, 5).best.series.prices == [90]


def test_other_products_stay_out() -> None:
    product = offer_with_history(ProductFactory(), 100).product
    offer_with_history(ProductFactory(), 1)
    trend = trend_of(product)
    assert (len(trend.offers), trend.best.series.prices) == (1, [100])


def test_start_after_end_is_refused() -> None:
    with pytest.raises(PeriodReversed):
        trend_of(ProductFactory(), 2, 1)


def test_a_period_with_too_many_changes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "MOST_CHANGES", 2)
    product = offer_with_history(ProductFactory(), 1, 2, 3, 4).product
    with pytest.raises(PeriodTooLong, match="shorter"):
        trend_of(product)


@pytest.mark.parametrize(
    ("moved", "lowest"),
    [
        ((100, 75), 100),
        ((100, 80, 125), None),
        ((100, 80, 125, 90), 80),
        ((100, 90, 80), 90),
        ((100,), None),
    ],
)
def test_lowest_30d_before_is_of_the_days_before_the_current_reduction(
    moved: tuple[int, ...], lowest: int | None
) -> None:
    trend = trend_of(offer_with_history(ProductFactory(), *moved).product)
    assert (trend.offers[0][1].lowest_30d_before, trend.best.lowest_30d_before) == (lowest, lowest)


def test_lowest_30d_before_looks_at_no_more_than_30_days() -> None:
    offer = OfferFactory()
    for days, price in ((-40, 10), (-35, 100), (0, 90)):
        OfferChange.objects.create(offer=offer, observed_at=NOON + days * DAY, price=price, items_in_stock=1)
    assert trend_of(offer.product, -1).offers[0][1].lowest_30d_before == 100


def test_lowest_30d_before_counts_the_price_in_force_when_they_began() -> None:
    offer = OfferFactory()
    for days, price in ((-31, 10), (-5, 100), (0, 90)):
        OfferChange.objects.create(offer=offer, observed_at=NOON + days * DAY, price=price, items_in_stock=1)
    assert trend_of(offer.product, -1).offers[0][1].lowest_30d_before == 10


def test_the_best_lowest_30d_before_leaves_out_what_was_not_in_stock() -> None:
    product = ProductFactory()
    offer_with_history(product, 100, 90)
    offer_with_history(product, 10, 10, stock=0)
    assert trend_of(product).best.lowest_30d_before == 100


def test_a_trend_takes_the_same_few_queries_for_any_number_of_offers(django_assert_max_num_queries: Any) -> None:
    product = ProductFactory()
    for _ in range(20):
        offer_with_history(product, 100, 110)
    with django_assert_max_num_queries(3):
        trend_of(product)


def test_the_trend_is_read_by_the_index() -> None:
    offers = [offer_with_history(ProductFactory(), 100, 110) for _ in range(3)]
    changes = OfferChange.objects.filter(offer__in=offers[:1], observed_at__gt=NOON, observed_at__lte=NOON + DAY)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # three rows would be scanned
    plan = changes.explain()
    assert "SCAN catalog" not in plan  # SQLite's word
    assert "Seq Scan" not in plan  # PostgreSQL's


def test_a_deleted_product_leaves_no_history() -> None:
    product = offer_with_history(ProductFactory(), 100, 80).product
    product.delete()
    assert (Offer.objects.count(), OfferChange.objects.count()) == (0, 0)
