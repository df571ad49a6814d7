"""Admin of customers and purchases: look at them, export or erase a person, read the records of erasures."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin.base import Operation, ReadOnlyAdmin, ReadOnlyInline
from config.api.problems import Problem
from config.core.admin_columns import link_to, list_address, named_numbers
from config.core.json import dumps
from inflight.models import Customer, Erasure, Purchase
from inflight.services import people


class PurchaseInline(ReadOnlyInline):
    """A customer's first purchases; a link above leads to all of them."""

    model = Purchase
    fields = ("purchase_identifier", "product_id", "quantity", "price", "currency", "purchased_on")
    readonly_fields = fields
    ordering = ("purchased_on", "purchase_identifier")
    hide_title = False  # it is the identifier, for which unfold shows no column


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers with their purchases."""

    icon = "group"
    when_empty = gettext_lazy("There are no customers yet. They come with the next import.")
    shows_people = True
    list_display = ("customer_id", "last_name", "first_name", "city", "email", "needs_sending")
    list_filter = ("needs_sending", "title")
    search_fields = ("customer_id__startswith", "last_name__istartswith", "email__istartswith")
    search_help_text = gettext_lazy("Start of an ID, last name or email")
    ordering = sortable_by = ("customer_id",)
    readonly_fields = ("all_purchases",)
    inlines = (PurchaseInline,)
    actions = ("export", "erase")
    operations = {
        "export": Operation(
            gettext_lazy("Export this person's data"),
            gettext_lazy("One JSON file with all that is stored about the person."),
            "download",
        ),
        "erase": Operation(
            gettext_lazy("Erase this person"),
            gettext_lazy(
                "This erases the customer, their data in deliveries, rejected rows and errors that"
                " name them, all uploaded files, and all files in done/ of the inbox. Their purchases"
                " stay, but no longer refer to them. What has not been sent yet is sent without them;"
                " what the partner already has cannot be recalled: ask the partner to erase it too."
                " Imports refuse their ID from then on. This cannot be undone."
            ),
            "person_remove",
            always_asks=True,
            variant="danger",
        ),
    }

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inflight.export_customer")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inflight.erase_customer")

    @admin.action(description=gettext_lazy("Export their data"), permissions=["export"])
    def export(self, request: HttpRequest, queryset: QuerySet[Customer]) -> HttpResponse:
        """Send all that is kept of the selected persons as a file."""
        exports = [people.export_customer(pk) for pk in queryset.values_list("pk", flat=True)]
        return HttpResponse(
            dumps(exports),
            content_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="customers-export.json"'},
        )

    @admin.action(description=gettext_lazy("Erase them"), permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Customer]) -> HttpResponseBase:
        """Erase the selected persons. No message names them: it would be kept in a cookie."""
        for customer_id in list(queryset.values_list("pk", flat=True)):
            try:
                erasure = people.erase_customer(customer_id, requested_by=request.user.get_username())
                messages.success(request, format_html(_("Erased: {}."), link_to(Erasure, erasure.pk, str(erasure))))
            except Problem as problem:
                messages.error(request, problem.detail)
                break
        return redirect(list_address(Customer))

    @admin.display(description=gettext_lazy("purchases"))
    def all_purchases(self, customer: Customer) -> SafeString:
        where = list_address(Purchase, customer__exact=customer.pk)
        return format_html('<a href="{}">{}</a>', where, _("all purchases in the list"))


class CurrencyFilter(admin.SimpleListFilter):
    """Filters by the currencies that have a name; asking the table for those there are would read all of it."""

    title = gettext_lazy("currency")
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in sorted(settings.CURRENCY_NAMES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Purchase]) -> QuerySet[Purchase]:
        return queryset.filter(currency=self.value()) if self.value() else queryset


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    """Purchases, each leading to its customer."""

    icon = "shopping_bag"
    when_empty = gettext_lazy("There are no purchases yet. They come with the next import.")
    shows_people = True
    list_display = ("purchase_identifier", "buyer", "product_id", "quantity", "price", "currency", "purchased_on")
    list_filter = (CurrencyFilter,)
    search_fields = ("purchase_identifier__startswith", "customer__customer_id__exact", "product_id__exact")
    search_help_text = gettext_lazy("A purchase, a customer ID or a product ID")
    ordering = sortable_by = ("purchase_identifier",)

    @admin.display(description=gettext_lazy("customer"))
    def buyer(self, purchase: Purchase) -> SafeString | str:
        return link_to(Customer, purchase.customer_id) if purchase.customer_id else _("erased")


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Records of erasures: of what how much was erased, and never whose it was."""

    icon = "person_off"
    when_empty = gettext_lazy(
        "Nobody has been erased. A person who asks for it is erased on their page in the list of customers."
    )
    list_display = ("id", "created_at", "requested_by", "summary", "is_refused")
    search_keys = ("id",)
    search_fields = ("requested_by__istartswith",)
    search_help_text = gettext_lazy("A number, or the requester")
    ordering = ("-id",)
    sortable_by = ("id",)
    fields = ("created_at", "requested_by", "counts", "is_refused")
    readonly_fields = ("counts", "is_refused")

    @admin.display(description=gettext_lazy("erased"))
    def summary(self, erasure: Erasure) -> str:
        return ", ".join(named_numbers(erasure.erased))

    @admin.display(description=gettext_lazy("erased"))
    def counts(self, erasure: Erasure) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((line,) for line in named_numbers(erasure.erased)))

    @admin.display(description=gettext_lazy("imports refuse the ID"), boolean=True)
    def is_refused(self, erasure: Erasure) -> bool:
        return bool(erasure.digest)
