"""Queries of the catalogue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.exceptions import PeriodReversed, PeriodTooLong
from catalog.models import Offer, OfferChange, Product
from catalog.models.sku import is_sku
from catalog.trend import (
    Change,
    Interval,
    Series,
    Unit,
    average,
    best_series,
    interval_starts,
    intervals,
    percent_between,
    series_by_offer,
)

PAGE = 200
MOST_CHANGES = 100_000  # in one trend
USUAL_PERIOD = timedelta(days=7)
REDUCTION_PERIOD = timedelta(days=30)  # Directive 98/6/EC, article 6a: a reduction names the lowest price of these days


def in_pages(products: QuerySet[Product]) -> Iterator[Product]:
    """Yield the products by id, a page in memory at a time; what is read changes only behind the reader."""
    page = list(products.order_by("pk")[:PAGE])
    while page:
        yield from page
        page = list(products.filter(pk__gt=page[-1].pk).order_by("pk")[:PAGE])


def due_products() -> QuerySet[Product]:
    """Return the products that are to be registered now."""
    return Product.objects.filter(registration=Product.Registration.PENDING, next_registration_at__lte=timezone.now())


def registered_products() -> QuerySet[Product]:
    """Return the products whose offers the offers service knows, with nothing but their ids."""
    return Product.objects.filter(registration=Product.Registration.REGISTERED).only("pk")


def offers_of(product: Product, *, with_gone: bool) -> QuerySet[Offer]:
    """Return the product's current offers, or all there ever were."""
    offers = Offer.objects.filter(product=product).select_related("product")
    return offers if with_gone else offers.filter(gone_at=None)


@dataclass(frozen=True)
class ListedProduct:
    """A product with its best price in stock, now and a day ago, and with how many all shops have; None: there is none."""

    product: Product
    price: int | None
    price_before: int | None
    items_in_stock: int | None

    @property
    def change_percent(self) -> float | None:
        """How the best price changed within a day."""
        if self.price is None or self.price_before is None:
            return None
        return percent_between(self.price_before, self.price)


def listed_products(*, limit: int, search: str = "", after: Product | None = None) -> list[ListedProduct]:
    """Return products by name, those behind `after`, that fit `search`: a part of a name, or a sku. Three queries in all."""
    fits = Q(sku=search) if is_sku(search) else Q(name__icontains=search)
    products = Product.objects.filter(fits).order_by("name", "pk")
    if after:  # in a form that the index can begin at
        products = products.filter(name__gte=after.name).exclude(name=after.name, pk__lte=after.pk)
    page = list(products[:limit])
    offers = Offer.objects.filter(product__in=[product.pk for product in page])
    now, before = _best_now(offers), _best_at(timezone.now() - timedelta(days=1), offers)
    return [
        ListedProduct(product, price, before.get(product.pk), stock)
        for product in page
        for price, stock in [now.get(product.pk, (None, None))]
    ]


def _best_now(offers: QuerySet[Offer]) -> dict[UUID, tuple[int | None, int | None]]:
    """Return, by product, the best price in stock and how many there are of all."""
    cheapest = Min("price", filter=Q(items_in_stock__gt=0))
    rows = offers.filter(gone_at=None).values_list("product").annotate(best=cheapest, stock=Sum("items_in_stock"))
    return {product: (price, stock) for product, price, stock in rows.order_by()}


def _best_at(moment: datetime, offers: QuerySet[Offer]) -> dict[UUID, int]:
    """Return, by product, the best price that was in stock at `moment`."""
    in_stock = _in_force(offers, moment).filter(items_in_stock__gt=0)
    return dict(in_stock.values_list("offer__product").annotate(best=Min("price")).order_by())


@dataclass(frozen=True)
class OfferTrend:
    """A series, the lowest price of the 30 days before its current reduction, None when there was none, and its average.

    `intervals` is None unless they were asked for.
    """

    series: Series
    lowest_30d_before: int | None
    average: float | None
    intervals: list[Interval] | None


@dataclass(frozen=True)
class PriceTrend:
    """How the prices of a product moved from `start` to `end`: each offer's, and the best one in stock."""

    start: datetime
    end: datetime
    offers: list[tuple[Offer, OfferTrend]]
    best: OfferTrend


def price_trend(
    product: Product, *, start: datetime | None = None, end: datetime | None = None, interval: Unit | None = None
) -> PriceTrend:
    """Return the product's trend; the period ends now and takes a week unless said.

    Each series begins, at `start`, with what was in force then. Raises PeriodReversed or PeriodTooLong.
    """
    now = timezone.now()
    end = end or now
    start = start or end - USUAL_PERIOD
    if start > end:
        raise PeriodReversed(_("start is after end."), field="start")
    offers = list(Offer.objects.filter(product=product).order_by("pk"))
    known_until = min(end, now)
    starts = _starts(start, known_until, interval, series=len(offers) + 1) if interval else None
    changes = _changes_in(offers, start, end)
    series = series_by_offer(changes)
    trend_of = partial(_offer_trend, known_until=known_until, starts=starts)
    return PriceTrend(
        start=start,
        end=end,
        offers=[(offer, trend_of([offer], series[offer.pk])) for offer in offers],
        best=trend_of(offers, best_series(changes), in_stock=True),
    )


def _starts(start: datetime, end: datetime, interval: Unit, *, series: int) -> list[datetime]:
    most = MOST_CHANGES // series
    starts = list(islice(interval_starts(start, end, interval), most + 1))
    if len(starts) > most:
        raise PeriodTooLong(
            _("There are more than %(most)s intervals in this period. Ask for longer ones, or for a shorter period.")
            % {"most": most},
            field="interval",
        )
    return starts


def _changes_in(offers: Sequence[Offer], start: datetime, end: datetime) -> list[Change]:
    """Return the changes within the period by time, after those in force at its start, which are given that time."""
    in_force = _in_force(_rows(offers), start).values_list("offer_id", "price", "items_in_stock")
    opening = [Change(offer, start, price, stock) for offer, price, stock in in_force if price is not None]
    changes = OfferChange.objects.filter(offer__in=offers, observed_at__gt=start, observed_at__lte=end)
    fields = changes.order_by("observed_at", "pk").values_list("offer_id", "observed_at", "price", "items_in_stock")
    rows = fields[: MOST_CHANGES + 1]
    if len(rows) > MOST_CHANGES:
        raise PeriodTooLong(
            _("There are more than %(most_changes)s changes in this period. Ask for a shorter one.")
            % {"most_changes": MOST_CHANGES},
            field="start",
        )
    return opening + [Change(*row) for row in rows]


def _rows(offers: Sequence[Offer]) -> QuerySet[Offer]:
    return Offer.objects.filter(pk__in=[offer.pk for offer in offers])


def _in_force(offers: QuerySet[Offer], moment: datetime) -> QuerySet[OfferChange]:
    """Return each offer's last change up to `moment`: one look into the index for each."""
    last = OfferChange.objects.filter(offer=OuterRef("pk"), observed_at__lte=moment).order_by("-observed_at")
    return OfferChange.objects.filter(pk__in=offers.annotate(last=Subquery(last.values("pk")[:1])).values("last"))


def _offer_trend(
    offers: Sequence[Offer],
    series: Series,
    *,
    known_until: datetime,
    starts: Sequence[datetime] | None,
    in_stock: bool = False,
) -> OfferTrend:
    reduced_at = series.reduced_at
    return OfferTrend(
        series,
        _lowest_before(offers, reduced_at, in_stock=in_stock) if reduced_at else None,
        average(series, known_until),
        None if starts is None else list(intervals(series, starts)),
    )


def _lowest_before(offers: Sequence[Offer], reduced_at: datetime, *, in_stock: bool) -> int | None:
    since = reduced_at - REDUCTION_PERIOD
    within = OfferChange.objects.filter(offer__in=offers, observed_at__gt=since, observed_at__lt=reduced_at)
    lowest = [
        (changes.filter(items_in_stock__gt=0) if in_stock else changes).aggregate(lowest=Min("price"))["lowest"]
        for changes in (_in_force(_rows(offers), since), within)
    ]
    return min((price for price in lowest if price is not None), default=None)
