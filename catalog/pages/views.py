"""Pages of the catalogue: the list of products, and a product with its offers and price trend."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from catalog.api.serializers import PeriodQuery
from catalog.charts import PALETTE, Line, offer_names, price_chart
from catalog.exceptions import PeriodReversed, PeriodTooLong
from catalog.models import Offer, Product
from catalog.pages.comparison import Comparison, comparison_of
from catalog.selectors import PriceTrend, listed_products, offers_of, price_trend
from catalog.trend import Point
from config.pages.permissions import public_page
from inflight.selectors import MOST_SALES, sales_of

PAGE = 50
MOST_ROWS = 200  # of a table
PERIODS = {
    "1h": (gettext_lazy("1 hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("24 hours"), timedelta(days=1)),
    "7d": (gettext_lazy("7 days"), timedelta(days=7)),
    "30d": (gettext_lazy("30 days"), timedelta(days=30)),
    "all": (pgettext_lazy("period", "All"), None),
}
USUAL, OWN = "7d", "own"
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
INPUT_FORM = "%Y-%m-%dT%H:%M"  # of an input for a date and a time


class ListQuery(forms.Form):
    """Query parameters of the list."""

    q = forms.CharField(required=False, max_length=200)
    after = forms.ModelChoiceField(Product.objects.all(), required=False)


@public_page
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """List products by name: best price, stock, change within a day."""
    query = ListQuery(request.GET)
    query.is_valid()  # what is not valid is left out
    search, after = query.cleaned_data.get("q", ""), query.cleaned_data.get("after")
    rows = listed_products(limit=PAGE + 1, search=search, after=after)
    following = urlencode({"q": search, "after": rows[PAGE - 1].product.pk}) if len(rows) > PAGE else ""
    context = {"rows": rows[:PAGE], "search": search, "is_first": after is None, "following": following}
    return render(request, "catalog/catalogue.html", context)


class Period(NamedTuple):
    """The period that was chosen: one of PERIODS or OWN, its bounds, and what is wrong with it."""

    name: str
    bounds: dict[str, datetime]
    errors: list[str]


@public_page
@require_safe
def product(request: HttpRequest, product_id: UUID) -> HttpResponse:
    """Show a product with its offers and how their prices moved in a period."""
    found = get_object_or_404(Product, pk=product_id)
    period, comparison = _period(request.GET), comparison_of(found, request.GET)
    trends, errors = _trends([found, *comparison.others], period)
    names = _names(found)
    gone = offers_of(found, with_gone=True).exclude(gone_at=None).order_by("-gone_at", "pk")[:MOST_ROWS]
    context = {
        "product": found,
        "current": _named(offers_of(found, with_gone=False).order_by("price", "pk")[:MOST_ROWS], names),
        "gone": _named(gone, names),
        "most_rows": MOST_ROWS,
        "periods": [(name, label, comparison.address(period=name)) for name, (label, _) in PERIODS.items()],
        "period": period.name,
        "errors": errors,
        **comparison.shown(),
        **_sold(found, request.user),
        **(_shown(trends, comparison, names) if trends else {}),
    }
    return render(request, "catalog/product.html", context, status=400 if errors else 200)


def _sold(product: Product, user: Any) -> dict[str, Any]:
    """What was sold of the product on board, for those who may read purchases."""
    may_read = not settings.REQUIRE_TOKEN or user.has_perm("inflight.view_purchase")
    if not (may_read and product.sku):
        return {}
    sold, is_all = sales_of(product.sku)
    return {"sold": sold, "sold_is_all": is_all, "most_sales": MOST_SALES, "shows_sold": True}


def _period(query: QueryDict) -> Period:
    own = {name: query[name] for name in ("start", "end") if query.get(name)}
    if own:
        serializer = PeriodQuery(data=own)
        if serializer.is_valid():
            return Period(OWN, serializer.validated_data, [])
        return Period(OWN, {}, [f"{name}: {text}" for name, texts in serializer.errors.items() for text in texts])
    name = query.get("period", USUAL)
    if name not in PERIODS:
        name = USUAL
    length = PERIODS[name][1]
    return Period(name, {"start": datetime.now(UTC) - length if length else BEFORE_ALL}, [])


def _trends(products: list[Product], period: Period) -> tuple[list[PriceTrend], list[str]]:
    if period.errors:
        return [], period.errors
    end = period.bounds.get("end") or datetime.now(UTC)  # the same for all
    try:
        return [price_trend(product, start=period.bounds.get("start"), end=end) for product in products], []
    except (PeriodReversed, PeriodTooLong) as problem:
        return [], [problem.detail]


def _names(product: Product) -> dict[int, str]:
    """Return what to call each of a product's offers, by its key."""
    ids = dict(Offer.objects.filter(product=product).order_by("pk").values_list("pk", "offer_id"))
    return dict(zip(ids, offer_names(ids.values()), strict=True))


def _named(offers: QuerySet[Offer], names: dict[int, str]) -> list[tuple[Offer, str]]:
    return [(offer, names.get(offer.pk, offer.offer_id)) for offer in offers]


def _shown(trends: list[PriceTrend], comparison: Comparison, names: dict[int, str]) -> dict[str, Any]:
    """The trend as the page has it: in figures, as a chart, and the chart as a table."""
    trend = trends[0]
    lines = _compared(trends, comparison) if comparison.others else _offered(trend, names)
    start = trend.start
    if start == BEFORE_ALL and trend.best.series.points:
        start = trend.best.series.points[0].observed_at
    return {
        "trend": trend,
        "shown_start": start.strftime(INPUT_FORM),
        "shown_end": trend.end.strftime(INPUT_FORM),
        "price": trend.best.series.points[-1].price if trend.best.series.points else None,
        "chart": price_chart(lines, end=trend.end),
        "changes": _newest(lines),
    }


def _offered(trend: PriceTrend, names: dict[int, str]) -> list[Line]:
    """Return a line for the best price of one product, and one for each of its offers."""
    best = Line(gettext("Best in stock"), trend.best.series, is_best=True)
    offers = [
        Line(names.get(offer.pk, offer.offer_id), its.series, is_gone=offer.gone_at is not None)
        for offer, its in trend.offers
    ]
    return [best, *offers]


def _compared(trends: list[PriceTrend], comparison: Comparison) -> list[Line]:
    """Return a line for the best price of each product; two of the same name are told apart by their number."""
    products = [comparison.product, *comparison.others]
    names = [product.name for product in products]
    labels = [f"{name} ({number})" if names.count(name) > 1 else name for number, name in enumerate(names, 1)]
    return [
        Line(label, trend.best.series, is_best=True, colour=number % PALETTE + 1 if number else None)
        for number, (label, trend) in enumerate(zip(labels, trends, strict=True))
    ]


def _newest(lines: list[Line]) -> list[tuple[Point, str]]:
    """Return the newest points of all lines, newest first, with their line's name."""
    points = [(point, line.label) for line in lines for point in line.series.points[-MOST_ROWS:]]
    return sorted(points, key=lambda each: each[0].observed_at, reverse=True)[:MOST_ROWS]
