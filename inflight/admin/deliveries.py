"""Admin of deliveries: status, send, retry."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from config.admin.base import Operation, ReadOnlyAdmin, ReadOnlyInline, Tool
from config.api.problems import Problem
from config.core.admin_columns import badge, capped, link_to, shortened
from inflight.models import Customer, Delivery, DeliveryBatch
from inflight.selectors import active_delivery
from inflight.services import deliveries

if TYPE_CHECKING:
    from django.forms import RadioSelect
else:
    from unfold.widgets import UnfoldAdminRadioSelectWidget as RadioSelect

SEND = "inflight.send_deliveries"


class BatchInline(ReadOnlyInline):
    """A delivery's batches, without their bytes; those that are not acknowledged come first."""

    model = DeliveryBatch
    fields = ("number", "status", "customers", "attempts", "http_status", "last_error", "acknowledged_at")
    readonly_fields = fields
    ordering = ("-status", "number")
    hide_title = True  # it says no more than the number

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryBatch]:
        return super().get_queryset(request).defer("payload")


class SendForm(forms.Form):
    """What to send."""

    only = forms.ChoiceField(label="Which customers", choices=Delivery.Only.choices, widget=RadioSelect)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries with their batches; an operator starts one or retries one."""

    icon = "flight_takeoff"
    list_display = ("id", "state", "only", "created_at", "next_attempt_at", "finished_at", "requested_by")
    list_filter = ("status", "only", "created_at")
    search_keys = ("id",)
    search_fields = ("requested_by__istartswith",)
    search_help_text = "A number, or the start of who asked"
    ordering = ("-id",)
    fields = (
        "status", "only", "next_attempt_at", "failed_rounds", "requested_by", "created_at", "finished_at", "prepared_through",
    )  # fmt: skip
    inlines = (BatchInline,)
    actions = ("retry",)
    tools = (Tool("send", "Send customers", "send", SEND),)
    operations = {
        "retry": Operation(
            "Retry now",
            "What is not acknowledged, refused batches among it, is sent again by a worker; what is acknowledged is not.",
            "replay",
        )
    }
    state = badge("status", {"delivered": "success", "waiting": "warning", "failed": "danger"})

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SEND)

    def applies(self, operation: str, row: Delivery) -> bool:
        return row.status in (Delivery.Status.WAITING, Delivery.Status.FAILED)

    @admin.action(description="Retry now what is not acknowledged", permissions=["send"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Make the selected deliveries due; a worker sends them."""
        for delivery in queryset:
            try:
                messages.success(request, f"Retrying: {deliveries.retry_delivery(delivery)}.")
            except Problem as problem:
                messages.error(request, problem.detail)
        deliveries.deliver_later()

    def send(self, request: HttpRequest) -> HttpResponseBase:
        """Ask which customers to send, then start a delivery; a worker sends it."""
        form = SendForm(request.POST or None, initial={"only": Delivery.Only.CHANGED})
        if not form.is_valid():
            return self._ask_what_to_send(request, form)
        delivery, is_new = deliveries.start_delivery(
            only=form.cleaned_data["only"], requested_by=request.user.get_username()
        )
        deliveries.deliver_later()
        messages.success(request, f"Started {delivery}." if is_new else f"Already under way: {delivery}.")
        return redirect(self.address_of(delivery))

    def _ask_what_to_send(self, request: HttpRequest, form: SendForm) -> TemplateResponse:
        changed, everyone = capped(Customer.objects.filter(needs_sending=True)), capped(Customer.objects.all())
        form.fields["only"].choices = [  # type: ignore[attr-defined]
            (Delivery.Only.CHANGED, f"New or changed since they were last sent: {changed}"),
            (Delivery.Only.ALL, f"All there are: {everyone}"),
        ]
        text = (
            "A worker sends the customers with their purchases to the partner. What has arrived cannot be called back."
        )
        if under_way := active_delivery():
            text = (
                f"There is one delivery at a time, and {under_way} is under way: it goes on, and no other is started."
            )
        return self.ask(request, Operation("Send customers", text, "send"), form=form)


@admin.register(DeliveryBatch)
class DeliveryBatchAdmin(ReadOnlyAdmin):
    """Batches of all deliveries, without their bytes."""

    icon = "package_2"
    list_display = (
        "id",
        "part_of",
        "number",
        "state",
        "customers",
        "attempts",
        "http_status",
        "error",
        "acknowledged_at",
    )
    list_filter = ("status",)
    search_keys = ("delivery", "idempotency_key")
    search_help_text = "A delivery's number, or an idempotency key"
    ordering = ("-id",)
    sortable_by = ("id",)
    exclude = ("payload",)
    state = badge("status", {"acknowledged": "success", "failed": "danger"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryBatch]:
        return super().get_queryset(request).defer("payload")

    @admin.display(description="delivery")
    def part_of(self, batch: DeliveryBatch) -> SafeString:
        return link_to(Delivery, batch.delivery_id)

    @admin.display(description="last error")
    def error(self, batch: DeliveryBatch) -> str:
        return shortened(batch.last_error)
