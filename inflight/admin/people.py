"""Admin of customers and purchases, read-only."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.admin.base import ReadOnlyAdmin, ReadOnlyInline
from config.core.admin_columns import link_to, list_address
from inflight.models import Customer, Purchase


class PurchaseInline(ReadOnlyInline):
    """A customer's first purchases; a link above leads to all of them."""

    model = Purchase
    fields = ("purchase_identifier", "product_id", "quantity", "price", "currency", "purchased_on")
    readonly_fields = fields
    ordering = ("purchased_on", "purchase_identifier")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers with their purchases."""

    icon = "group"
    list_display = ("customer_id", "last_name", "first_name", "city", "email", "needs_sending")
    list_filter = ("needs_sending", "title")
    search_fields = ("customer_id__startswith", "last_name__istartswith", "email__istartswith")
    search_help_text = "Start of an id, a last name or an email address"
    ordering = sortable_by = ("customer_id",)
    readonly_fields = ("all_purchases",)
    inlines = (PurchaseInline,)

    @admin.display(description="purchases")
    def all_purchases(self, customer: Customer) -> SafeString:
        where = list_address(Purchase, customer__exact=customer.pk)
        return format_html('<a href="{}">all in the list of purchases</a>', where)


class CurrencyFilter(admin.SimpleListFilter):
    """Filters by the currencies that have a name; asking the table for those there are would read all of it."""

    title = "currency"
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in sorted(settings.CURRENCY_NAMES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Purchase]) -> QuerySet[Purchase]:
        return queryset.filter(currency=self.value()) if self.value() else queryset


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    """Purchases, each leading to its customer."""

    icon = "shopping_bag"
    list_display = ("purchase_identifier", "buyer", "product_id", "quantity", "price", "currency", "purchased_on")
    list_filter = (CurrencyFilter,)
    search_fields = ("purchase_identifier__startswith", "customer__customer_id__exact", "product_id__exact")
    search_help_text = "Start of a purchase identifier, a customer's id or a product's id"
    ordering = sortable_by = ("purchase_identifier",)

    @admin.display(description="customer")
    def buyer(self, purchase: Purchase) -> SafeString:
        return link_to(Customer, purchase.customer_id)
