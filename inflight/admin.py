"""The operator's view of in-flight sales: look at everything, send now, retry."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from config.common.admin import ReadOnlyAdmin, ReadOnlyInline
from config.common.problems import Problem
from inflight.models import Customer, Delivery, DeliveryBatch, ImportReject, ImportRun, Purchase
from inflight.services import deliveries


class PurchaseInline(ReadOnlyInline):
    """A customer's purchases."""

    model = Purchase
    fields = ("purchase_identifier", "product_id", "quantity", "price", "currency", "purchased_on")
    readonly_fields = fields
    ordering = ("purchased_on", "purchase_identifier")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers with their purchases."""

    list_display = ("customer_id", "last_name", "first_name", "city", "email", "needs_sending")
    list_filter = ("needs_sending", "title")
    search_fields = ("customer_id__startswith", "last_name__istartswith", "email__istartswith")
    search_help_text = "Start of an id, a last name or an email address"
    ordering = ("customer_id",)
    inlines = (PurchaseInline,)


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    """Purchases, each leading to its customer."""

    list_display = ("purchase_identifier", "customer_id", "product_id", "quantity", "price", "currency", "purchased_on")
    list_filter = ("currency",)
    search_fields = ("purchase_identifier__startswith", "customer__customer_id__exact", "product_id__exact")
    search_help_text = "Start of a purchase identifier, a customer's id or a product's id"
    ordering = ("purchase_identifier",)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Imports with their counts, leading to their rejects."""

    list_display = ("id", "status", "dry_run", "created_at", "customer_counts", "purchase_counts", "rejects_link")
    list_filter = ("status", "dry_run", "created_at")
    search_fields = ("customers_file_path", "purchased_file_path", "requested_by")
    ordering = ("-id",)
    readonly_fields = ("rejects_link",)

    @admin.display(description="customers")
    def customer_counts(self, run: ImportRun) -> str:
        return _counts(run.customers)

    @admin.display(description="purchases")
    def purchase_counts(self, run: ImportRun) -> str:
        return _counts(run.purchases)

    @admin.display(description="rejects")
    def rejects_link(self, run: ImportRun) -> str | SafeString:
        if run.status != ImportRun.Status.COMPLETED_WITH_REJECTS:
            return "none"
        rows = reverse("admin:inflight_importreject_changelist") + f"?run__id__exact={run.pk}"
        return format_html('<a href="{}">look</a> · <a href="/api/imports/{}/rejects">JSON</a>', rows, run.pk)


def _counts(counts: dict[str, int] | None) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in (counts or {}).items() if number and name != "read")


@admin.register(ImportReject)
class ImportRejectAdmin(ReadOnlyAdmin):
    """Rows that were not taken, with every reason."""

    list_display = ("run_id", "file", "line", "why", "raw")
    list_filter = ("file",)
    ordering = ("-run_id", "id")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "run__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="reasons")
    def why(self, reject: ImportReject) -> str:
        return "; ".join(f"{reason['field']} {reason['message']}".strip() for reason in reject.reasons)


class BatchInline(ReadOnlyInline):
    """A delivery's batches, without their bytes."""

    model = DeliveryBatch
    fields = ("number", "status", "customers", "attempts", "http_status", "last_error", "acknowledged_at")
    readonly_fields = fields
    ordering = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryBatch]:
        return super().get_queryset(request).defer("payload")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries with their batches; an operator starts one or retries one."""

    list_display = ("id", "status", "only", "created_at", "next_attempt_at", "finished_at", "requested_by")
    list_filter = ("status", "only", "created_at")
    ordering = ("-id",)
    inlines = (BatchInline,)
    actions = ("retry",)
    change_list_template = "admin/inflight/delivery/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        send = path(
            "send-now/", self.admin_site.admin_view(require_POST(self.send_now)), name="inflight_delivery_send_now"
        )
        return [send, *super().get_urls()]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Sending needs the permission to change deliveries, though nobody edits one."""
        return request.user.has_perm("inflight.change_delivery")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        operate = {"may_send": self.has_operate_permission(request)}
        return super().changelist_view(request, (extra_context or {}) | operate)

    def send_now(self, request: HttpRequest) -> HttpResponse:
        """Start a delivery of what is new or changed; a worker sends it."""
        if not self.has_operate_permission(request):
            messages.error(request, "You may not send.")
        else:
            delivery, is_new = deliveries.start_delivery(
                only=Delivery.Only.CHANGED, requested_by=request.user.get_username()
            )
            deliveries.deliver_later()
            messages.success(request, f"Started {delivery}." if is_new else f"Already under way: {delivery}.")
        return redirect("admin:inflight_delivery_changelist")

    @admin.action(description="Retry now what is not acknowledged", permissions=["operate"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Make the selected deliveries due; a worker sends them."""
        for delivery in queryset:
            try:
                messages.success(request, f"Retrying: {deliveries.retry_delivery(delivery)}.")
            except Problem as problem:
                messages.error(request, problem.detail)
        deliveries.deliver_later()
