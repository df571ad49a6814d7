"""Admin of batches and attempts: what exactly was sent, and when."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.access import audit
from config.admin.base import Operation, ReadOnlyAdmin
from config.core.admin_columns import badge, coloured, link_to, shortened
from config.core.kept_texts import translated
from inflight.models import Delivery, DeliveryAttempt, DeliveryBatch
from inflight.services.batches import body_of

READ_BODIES = "inflight.read_bodies"
TONES = {"acknowledged": "success", "failed": "danger"}
OF_A_DELIVERY = "batch__delivery__exact"  # to which a delivery's page links


@admin.register(DeliveryBatch)
class DeliveryBatchAdmin(ReadOnlyAdmin):
    """Batches of all deliveries, without their bytes."""

    icon = "package_2"
    when_empty = gettext_lazy("Batches are created when customers are sent: see the deliveries.")
    list_display = (
        "id",
        "part_of",
        "number",
        "state",
        "error",
        "http_status",
        "customers",
        "attempts",
        "acknowledged_at",
    )
    list_filter = ("status",)
    search_keys = ("delivery", "idempotency_key")
    search_help_text = gettext_lazy("A delivery's number, or an idempotency key")
    ordering = ("-id",)
    sortable_by = ("id",)
    exclude = ("payload", "customer_ids")
    actions = ("read_body",)
    operations = {
        "read_body": Operation(
            gettext_lazy("Read the body"),
            gettext_lazy("It holds people's names and purchases. Reading it is recorded in the history."),
            "visibility",
        )
    }
    state = badge("status", TONES)

    def has_read_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(READ_BODIES)

    def applies(self, operation: str, row: DeliveryBatch) -> bool:
        return row.customer_ids is not None or row.status != DeliveryBatch.Status.ACKNOWLEDGED

    @admin.action(description=gettext_lazy("Read the body of one batch"), permissions=["read"])
    def read_body(self, request: HttpRequest, queryset: QuerySet[DeliveryBatch]) -> HttpResponse | None:
        """Send the exact bytes of one batch, before they are compressed."""
        chosen = list(queryset[:2])
        if len(chosen) > 1 or chosen[0].payload is None:
            messages.error(request, _("Select one batch whose body is still stored."))
            return None
        audit.record("read_body", chosen[0])
        return HttpResponse(body_of(chosen[0]), content_type="application/json")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryBatch]:
        return super().get_queryset(request).defer("payload")

    @admin.display(description=gettext_lazy("delivery"))
    def part_of(self, batch: DeliveryBatch) -> SafeString:
        return link_to(Delivery, batch.delivery_id)

    @admin.display(description=gettext_lazy("last error"))
    def error(self, batch: DeliveryBatch) -> str:
        return shortened(translated(batch.last_error))


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin):
    """Every request to the partner."""

    icon = "swap_vert"
    when_empty = gettext_lazy("There are no requests to the partner yet: see the deliveries.")
    list_display = ("id", "outcome", "why", "part_of", "http_status", "started_at", "took", "request_id")
    list_filter = ("started_at",)
    list_select_related = ("batch",)
    search_keys = ("request_id",)
    search_help_text = gettext_lazy("A request's ID (X-Request-ID)")
    ordering = ("-id",)
    sortable_by = ("id",)
    fields = (
        "part_of", "started_at", "took", "outcome", "http_status", "error", "answer", "request_id",
    )  # fmt: skip
    readonly_fields = ("part_of", "took", "outcome")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryAttempt]:
        return super().get_queryset(request).defer("batch__payload", "batch__customer_ids")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == OF_A_DELIVERY or super().lookup_allowed(lookup, value, request)

    @admin.display(description=gettext_lazy("batch"))
    def part_of(self, attempt: DeliveryAttempt) -> SafeString:
        return link_to(DeliveryBatch, attempt.batch_id)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome(self, attempt: DeliveryAttempt) -> SafeString:
        return coloured(_(attempt.outcome), TONES.get(attempt.outcome, ""))

    @admin.display(description=gettext_lazy("seconds"))
    def took(self, attempt: DeliveryAttempt) -> str:
        return "" if attempt.seconds is None else number_format(attempt.seconds, 2)

    @admin.display(description=gettext_lazy("error"))
    def why(self, attempt: DeliveryAttempt) -> str:
        return shortened(translated(attempt.error))
