"""Pages of the catalogue: the list of products, and a product with its offers and price trend."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from catalog.api.serializers import PeriodQuery
from catalog.chart import Line, price_chart
from catalog.exceptions import PeriodReversed, PeriodTooLong
from catalog.models import Product
from catalog.selectors import PriceTrend, listed_products, offers_of, price_trend
from catalog.trend import Point
from config.pages.permissions import public_page
from inflight.selectors import MOST_SALES, sales_of

PAGE = 50
MOST_ROWS = 200  # of a table
PERIODS = {
    "1h": ("1 hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "all": ("All", None),
}
USUAL, OWN = "7d", "own"
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


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
    period = _period(request.GET)
    trend, errors = _trend(found, period)
    context = {
        "product": found,
        "current": offers_of(found, with_gone=False).order_by("price", "pk")[:MOST_ROWS],
        "gone": offers_of(found, with_gone=True).exclude(gone_at=None).order_by("-gone_at", "pk")[:MOST_ROWS],
        "most_rows": MOST_ROWS,
        "periods": {name: label for name, (label, _) in PERIODS.items()},
        "period": period.name,
        "errors": errors,
        **_sold(found, request.user),
        **(_shown(trend) if trend else {}),
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


def _trend(product: Product, period: Period) -> tuple[PriceTrend | None, list[str]]:
    if period.errors:
        return None, period.errors
    try:
        return price_trend(product, start=period.bounds.get("start"), end=period.bounds.get("end")), []
    except (PeriodReversed, PeriodTooLong) as problem:
        return None, [problem.detail]


def _shown(trend: PriceTrend) -> dict[str, Any]:
    """The trend as the page has it: in figures, as a chart, and the chart as a table."""
    lines = [Line("Best in stock", trend.best.series, is_best=True)]
    lines += [Line(offer.offer_id, its.series) for offer, its in trend.offers]
    return {
        "trend": trend,
        "price": trend.best.series.points[-1].price if trend.best.series.points else None,
        "chart": mark_safe(price_chart(lines, end=trend.end)),  # noqa: S308 - chart.py escapes what comes from outside
        "changes": _newest(lines),
    }


def _newest(lines: list[Line]) -> list[tuple[Point, str]]:
    """Return the newest points of all lines, newest first, with their line's name."""
    points = [(point, line.label) for line in lines for point in line.series.points[-MOST_ROWS:]]
    return sorted(points, key=lambda each: each[0].observed_at, reverse=True)[:MOST_ROWS]
