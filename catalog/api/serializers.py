"""Input and output of the catalogue's API. Inputs and outputs are separate classes, so that OpenAPI names are stable."""

from datetime import datetime
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from catalog.models import Offer, Product
from catalog.models.sku import DIGITS, LONGEST, validate_sku
from catalog.selectors import OfferTrend, PriceTrend
from catalog.trend import Unit
from config.api.openapi import example
from config.api.strict import Input, MomentField, Query, TextField

OLDEST_YEAR = 1970
NAME = r"^[^\u0000]*[^\u0000-\u0020][^\u0000]*$"
MOST_PRODUCTS = 1000  # in one request
NOON = "2026-11-26T12:00:00Z"  # in examples
PRODUCT = {
    "name": "Lawn mower Dosquarna", "description": "The best lawn mower on the market.", "sku": "4006381333931",
    "category": "Garden",
}  # fmt: skip
CREATED = {
    "id": "452fe984-3fbf-43d9-a711-ada2f119ef21", **PRODUCT, "registration": "registered", "registration_error": "",
    "offers_observed_at": NOON, "offers_error": "", "created_at": NOON, "updated_at": NOON,
}  # fmt: skip
SERIES = {
    "prices": [{"observed_at": NOON, "price": 42790, "items_in_stock": 3}], "change_percent": 0.0, "lowest": 42790,
    "highest": 42790, "lowest_30d_before": None, "lowest_at": NOON, "average": 42790.0,
}  # fmt: skip


@extend_schema_field({"type": "string", "pattern": f"^({DIGITS})$"})
class SkuField(TextField):
    """A sku, whose check digit is right."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, validators=[validate_sku], **kwargs)


@example(PRODUCT)
class ProductInput(Input):
    """A product as a client gives it."""

    name = TextField(max_length=200, validators=[RegexValidator(NAME, "must not be blank.")])
    description = TextField(max_length=10_000, allow_blank=True, default="")
    sku = SkuField(allow_null=True, default=None, help_text="EAN-8, EAN-13 or UPC, with the right check digit")
    category = TextField(max_length=200, allow_blank=True, default="")


class ProductsInput(serializers.ListSerializer[Any]):
    """Several products, of which no two have the same sku."""

    default_error_messages = {
        "max_length": gettext_lazy("Give at most {max_length} products per request."),
        "empty": gettext_lazy("Give a product."),
    }

    def validate(self, attrs: Any) -> Any:
        first: dict[str, int] = {}
        repeated: dict[str, Any] = {}
        for place, sku in enumerate(each["sku"] for each in attrs):
            if sku and first.setdefault(sku, place) != place:
                repeated[str(place)] = {
                    "sku": ErrorDetail(
                        _("%(sku)s is also the SKU of %(first)s.") % {"sku": sku, "first": first[sku]}, code="repeated"
                    )
                }
        if repeated:
            raise serializers.ValidationError(repeated)
        return attrs


@example(CREATED)
class ProductOutput(serializers.ModelSerializer[Product]):
    """A product, and how far its registration with the offers service is."""

    class Meta:
        model = Product
        fields = (
            "id", "name", "description", "sku", "category", "registration", "registration_error", "offers_observed_at",
            "offers_error", "created_at", "updated_at",
        )  # fmt: skip


class OffersQuery(Query):
    """Which offers."""

    include = serializers.ChoiceField(choices=["gone"], required=False, help_text="gone: those no longer returned, too")


@example({"id": "a1", "price": 42790, "items_in_stock": 3, "observed_at": NOON, "gone_at": None})
class OfferOutput(serializers.ModelSerializer[Offer]):
    """An offer; `observed_at` tells how old this knowledge is, `gone_at` since when it is no longer returned."""

    id = serializers.CharField(source="offer_id")
    observed_at = serializers.DateTimeField(source="product.offers_observed_at")

    class Meta:
        model = Offer
        fields = ("id", "price", "items_in_stock", "observed_at", "gone_at")


def _not_too_old(moment: datetime) -> None:
    if moment.year < OLDEST_YEAR:
        raise serializers.ValidationError(
            _("There are no prices from before %(oldest_year)s.") % {"oldest_year": OLDEST_YEAR}, code="too_old"
        )


class PeriodQuery(Query):
    """A period of time, both ends included; without an offset a time is UTC."""

    start = MomentField(required=False, validators=[_not_too_old], help_text="a week before end unless said")
    end = MomentField(required=False, validators=[_not_too_old], help_text="now unless said")


class TrendQuery(PeriodQuery):
    """A period of time, and whether its prices are told change by change or interval by interval."""

    interval = serializers.ChoiceField(
        choices=[unit.value for unit in Unit],
        required=False,
        help_text="the first, last, lowest and highest price of each instead of all prices; of the calendar, in UTC",
    )


class PointOutput(serializers.Serializer[Any]):
    """A price, in force from `observed_at` on."""

    observed_at = serializers.DateTimeField()
    price = serializers.IntegerField()
    items_in_stock = serializers.IntegerField()


class IntervalOutput(serializers.Serializer[Any]):
    """The prices of an interval, from `start` to the next one's; intervals without a price are left out."""

    start = serializers.DateTimeField()
    first = serializers.IntegerField()
    last = serializers.IntegerField()
    lowest = serializers.IntegerField()
    highest = serializers.IntegerField()


class SeriesOutput(serializers.Serializer[Any]):
    """How a price moved. `change_percent` compares the last price with the first."""

    prices = PointOutput(many=True, required=False, help_text="without `interval`")
    intervals = IntervalOutput(many=True, required=False, help_text="with `interval`")
    change_percent = serializers.FloatField(allow_null=True, help_text="two decimals; null where the first price is 0")
    lowest = serializers.IntegerField(allow_null=True)
    highest = serializers.IntegerField(allow_null=True)
    lowest_30d_before = serializers.IntegerField(
        allow_null=True, help_text="lowest price of the 30 days before the current reduction; null without one"
    )
    lowest_at = serializers.DateTimeField(allow_null=True, help_text="when the lowest price came about, the first time")
    average = serializers.FloatField(
        allow_null=True, help_text="mean price, weighted by how long each was in force; two decimals"
    )


class OfferSeriesOutput(SeriesOutput):
    """How an offer's price moved."""

    id = serializers.CharField()
    gone_at = serializers.DateTimeField(allow_null=True)


@example(
    {
        "start": NOON, "end": NOON, "offers": [SERIES | {"id": "a1", "gone_at": None}], "best": SERIES,
    }
)  # fmt: skip
class PriceTrendOutput(serializers.Serializer[Any]):
    """How a product's prices moved: each offer's, and the best price among those in stock."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    offers = OfferSeriesOutput(many=True)
    best = SeriesOutput()


def price_trend_document(trend: PriceTrend) -> dict[str, Any]:
    """Return a trend in the shape of PriceTrendOutput, by hand: it may have 100,000 points."""
    return {
        "start": trend.start,
        "end": trend.end,
        "offers": [
            {"id": offer.offer_id, "gone_at": offer.gone_at, **_series_document(its)} for offer, its in trend.offers
        ],
        "best": _series_document(trend.best),
    }


def _series_document(trend: OfferTrend) -> dict[str, Any]:
    series = trend.series
    prices = (
        {"prices": [point._asdict() for point in series.priced]}
        if trend.intervals is None
        else {"intervals": [each._asdict() for each in trend.intervals]}
    )
    return {
        **prices,
        "change_percent": series.change_percent,
        "lowest": series.lowest,
        "highest": series.highest,
        "lowest_30d_before": trend.lowest_30d_before,
        "lowest_at": series.lowest_at,
        "average": trend.average,
    }
