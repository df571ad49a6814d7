"""Admin of the catalogue: products with offers and price chart, price changes, refresh runs, the access token."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.charts import Line, offer_names, price_chart
from catalog.exceptions import PeriodTooLong
from catalog.models import Offer, OfferChange, Product, RefreshRun, ServiceToken
from catalog.models.sku import is_sku
from catalog.selectors import price_trend
from catalog.services import products
from catalog.services.refresh import refresh_later
from config.admin.base import Operation, PlatformAdmin, ReadOnlyAdmin, ReadOnlyInline, Tool
from config.core.admin_columns import badge, link_to, list_address, shortened
from config.core.kept_texts import translated

MOST_OFFERS = 1000  # whose changes one search shows
EDITED = ("name", "sku", "category", "description")


class OfferInline(ReadOnlyInline):
    """A product's first offers, the current ones before those that are gone."""

    model = Offer
    fields = ("offer_id", "price", "items_in_stock", "gone_at")
    ordering = ("gone_at", "price")
    verbose_name_plural = gettext_lazy("offers")


@admin.register(Product)
class ProductAdmin(PlatformAdmin):
    """Products. Changes go through the services, which register them with the offers service."""

    icon = "inventory_2"
    when_empty = gettext_lazy("There are no products yet. Add one, or import a file of products.")
    list_display = ("name", "state", "reason", "sku", "category", "offers_observed_at", "created_at")
    list_filter = ("registration",)
    search_keys = ("id",)
    search_fields = ("name",)
    search_help_text = gettext_lazy("Part of a name, an ID, or a complete SKU")
    ordering = ("name", "id")
    fields = (
        *EDITED, "prices_of_a_week", "offers_observed_at", "offers_error", "registration", "registration_error",
        "registration_attempts", "next_registration_at", "id",
    )  # fmt: skip
    readonly_fields = tuple(field for field in fields if field not in set(EDITED))
    inlines = (OfferInline,)
    actions = ("register_again",)
    change_form_template = "admin/catalog/product_with_chart.html"
    operations = {
        "register_again": Operation(
            gettext_lazy("Retry registration"),
            gettext_lazy("A worker asks the offers service again to register the product."),
            "app_registration",
        )
    }
    state = badge("registration", {"registered": "success", "pending": "warning", "failed": "danger"})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.fields if obj else EDITED

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        if is_sku(search_term):
            return queryset.filter(sku=search_term), False
        return super().get_search_results(request, queryset, search_term)

    def has_register_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.register_products")

    def applies(self, operation: str, row: Product) -> bool:
        return row.registration != Product.Registration.REGISTERED

    @admin.display(description=gettext_lazy("response of the offers service"))
    def reason(self, product: Product) -> str:
        return shortened(translated(product.registration_error or product.offers_error))

    @admin.display(description=gettext_lazy("prices of the last 7 days"))
    def prices_of_a_week(self, product: Product) -> SafeString | str:
        """Draw a line for each offer and one for the best price in stock."""
        try:
            trend = price_trend(product)
        except PeriodTooLong as problem:
            return problem.detail
        names = offer_names(offer.offer_id for offer, its in trend.offers)
        lines = [Line(_("Best in stock"), trend.best.series, is_best=True)]
        lines += [
            Line(name, its.series, is_gone=offer.gone_at is not None)
            for name, (offer, its) in zip(names, trend.offers, strict=True)
        ]
        chart = price_chart(lines, end=trend.end)
        return render_to_string("admin/catalog/folded_chart.html", {"chart": chart}) if chart else _("none yet")

    @admin.action(description=gettext_lazy("Retry registration"), permissions=["register"])
    def register_again(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Have what is not registered tried again, soon."""
        count = products.register_again(queryset.exclude(registration=Product.Registration.REGISTERED))
        self.message_user(
            request, _("%(count)s products will be registered soon.") % {"count": count}, messages.SUCCESS
        )

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm[Product], change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in EDITED}
        if change:
            products.update_product(obj.pk, **wanted)
        else:
            obj.pk = products.create_product(**wanted).pk

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the products for the page that asks whether to delete them, but not a million rows of their history."""
        names = [
            _("Product: %(product)s, with its offers and their history") % {"product": product} for product in objs
        ]
        return names, {_("products"): len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        products.delete_product(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset:
            products.delete_product(product.pk)


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    """Offers of all products."""

    icon = "sell"
    when_empty = gettext_lazy("Offers come with the next refresh, once products are registered.")
    list_display = ("product", "offer_id", "price", "items_in_stock", "gone_at", "changes")
    list_filter = (("gone_at", admin.EmptyFieldListFilter),)
    list_select_related = ("product",)
    search_keys = ("product",)
    search_fields = ("offer_id__exact", "product__name__istartswith")
    search_help_text = gettext_lazy("Offer ID, product ID or product name")
    ordering = ("-id",)
    sortable_by = ()

    @admin.display(description=gettext_lazy("history"))
    def changes(self, offer: Offer) -> SafeString:
        return format_html_join(
            "", '<a href="{}">{}</a>', [(list_address(OfferChange, offer__exact=offer.pk), _("Price history"))]
        )


@admin.register(OfferChange)
class OfferChangeAdmin(ReadOnlyAdmin):
    """Every change of every offer, the newest first."""

    icon = "timeline"
    when_empty = gettext_lazy("No offer has changed yet. Changes are recorded from the first refresh on.")
    list_display = ("observed_at", "product", "of_offer", "price", "items_in_stock")
    list_filter = (("price", admin.EmptyFieldListFilter),)
    list_select_related = ("offer__product",)
    search_fields = ("offer__offer_id",)
    search_help_text = gettext_lazy("Offer ID or product name")
    ordering = ("-id",)
    sortable_by = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OfferChange], search_term: str
    ) -> tuple[QuerySet[OfferChange], bool]:
        """Find the offers first, then their changes by the index: joined, it would be a look at each change."""
        if not search_term:
            return queryset, False
        named = Q(offer_id=search_term) | Q(product__name__istartswith=search_term)
        offers = list(Offer.objects.filter(named).values_list("pk", flat=True)[:MOST_OFFERS])
        return queryset.filter(offer__in=offers), False

    @admin.display(description=gettext_lazy("product"))
    def product(self, change: OfferChange) -> SafeString:
        return link_to(Product, change.offer.product_id, change.offer.product.name)

    @admin.display(description=gettext_lazy("offer"))
    def of_offer(self, change: OfferChange) -> SafeString:
        return link_to(Offer, change.offer_id, change.offer.offer_id)


@admin.register(RefreshRun)
class RefreshRunAdmin(ReadOnlyAdmin):
    """Results of refresh runs."""

    icon = "sync"
    when_empty = gettext_lazy("No refresh has run yet. A worker refreshes the offers each minute.")
    list_display = (
        "id", "state", "started_at", "finished_at", "products", "failures", "offers_new", "offers_changed", "offers_gone",
    )  # fmt: skip
    list_filter = ("status", "started_at")
    search_keys = ("id",)
    search_help_text = gettext_lazy("Number of a run")
    ordering = ("-id",)
    exclude = ("first_failures",)
    readonly_fields = ("failed_products",)
    tools = (Tool("refresh", gettext_lazy("Refresh offers now"), "sync", "catalog.refresh_offers"),)
    state = badge("status", {"completed": "success", "stopped": "warning", "failed": "danger", "interrupted": "danger"})

    @admin.display(description=gettext_lazy("first failures"))
    def failed_products(self, run: RefreshRun) -> SafeString | str:
        found = [(link_to(Product, each["product"]), each["reason"]) for each in run.first_failures]
        return format_html_join("", "<p>{}: {}</p>", found) or _("none")

    def refresh(self, request: HttpRequest) -> HttpResponseBase:
        """Ask, then have a worker refresh all offers."""
        if request.method != "POST":
            text = _(
                "A worker requests the offers of all registered products now. This also happens"
                " automatically every minute."
            )
            return self.ask(request, Operation(_("Refresh offers now"), text, "sync"))
        refresh_later()
        messages.success(request, _("A worker refreshes the offers. The result will appear here."))
        return redirect(list_address(RefreshRun))


@admin.register(ServiceToken)
class ServiceTokenAdmin(ReadOnlyAdmin):
    """The stored token, which is not shown. After its deletion the next call requests a new one."""

    icon = "key"
    when_empty = gettext_lazy("There is no token yet. The next call of the offers service gets one.")
    list_display = ("base_url", "obtained_at", "ask_again_at")
    search_fields = ("base_url",)
    search_help_text = gettext_lazy("Part of a URL")
    exclude = ("token",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("catalog.delete_servicetoken")
