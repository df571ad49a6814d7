"""The catalogue in the admin: products with their offers and price chart, what refreshes did, the kept token."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from catalog.chart import Line, price_chart
from catalog.exceptions import PeriodTooLong
from catalog.models import Offer, Product, RefreshRun, ServiceToken
from catalog.selectors import price_trend
from catalog.services import products
from config.common.admin import PlatformAdmin, ReadOnlyAdmin, ReadOnlyInline


class OfferInline(ReadOnlyInline):
    """A product's offers, the gone ones too."""

    model = Offer
    fields = ("offer_id", "price", "items_in_stock", "gone_at")
    ordering = ("gone_at", "price")
    verbose_name_plural = "offers"


@admin.register(Product)
class ProductAdmin(PlatformAdmin):
    """Products: made and changed through the services, so that they are registered."""

    list_display = ("name", "registration", "registration_error", "offers_observed_at", "created_at")
    list_filter = ("registration",)
    search_fields = ("name", "id")
    fields = (
        "id", "name", "description", "registration", "registration_error", "registration_attempts", "next_registration_at",
        "offers_observed_at", "prices_of_a_week",
    )  # fmt: skip
    readonly_fields = tuple(field for field in fields if field not in {"name", "description"})
    inlines = (OfferInline,)
    actions = ("register_again",)

    @admin.display(description="prices of a week")
    def prices_of_a_week(self, product: Product) -> SafeString | str:
        """Draw a line for each offer and one for the best price in stock."""
        try:
            trend = price_trend(product)
        except PeriodTooLong as problem:
            return problem.detail
        lines = [Line(offer.offer_id, its.series) for offer, its in trend.offers]
        lines.append(Line("best in stock", trend.best.series, is_best=True))
        chart = price_chart(lines, end=trend.end)
        return mark_safe(chart) if chart else "none yet"  # noqa: S308 - chart.py escapes what comes from outside

    @admin.action(description="Try the registration again")
    def register_again(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Have what is not registered tried again, soon."""
        count = products.register_again(queryset.exclude(registration=Product.Registration.REGISTERED))
        self.message_user(request, f"{count} products will be registered soon.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm[Product], change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in ("name", "description")}
        if change:
            products.update_product(obj.pk, **wanted)
        else:
            obj.pk = products.create_product(**wanted).pk

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the products for the page that asks whether to delete them, but not a million rows of their history."""
        names = [f"Product: {product}, with its offers and their history" for product in objs]
        return names, {"products": len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        products.delete_product(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset:
            products.delete_product(product.pk)


@admin.register(RefreshRun)
class RefreshRunAdmin(ReadOnlyAdmin):
    """What each refresh did."""

    list_display = (
        "id", "status", "started_at", "finished_at", "products", "failures", "offers_new", "offers_changed", "offers_gone",
    )  # fmt: skip
    list_filter = ("status",)
    ordering = ("-id",)


@admin.register(ServiceToken)
class ServiceTokenAdmin(ReadOnlyAdmin):
    """The kept token, unseen. Deleting it makes the next question ask for another."""

    list_display = ("base_url", "obtained_at", "ask_again_at")
    exclude = ("token",)
