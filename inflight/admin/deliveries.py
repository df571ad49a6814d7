"""Admin of deliveries: what happened and what comes next, send, pause, retry."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin.base import Operation, ReadOnlyAdmin, ReadOnlyInline, Tool
from config.api.problems import Problem
from config.core.admin_columns import capped, coloured, list_address, shortened
from config.core.kept_texts import translated
from config.http.client import TransportError
from inflight.admin.batches import OF_A_DELIVERY
from inflight.admin.timeline import timeline_of
from inflight.models import Customer, Delivery, DeliveryAttempt, DeliveryBatch
from inflight.selectors import active_delivery, attempts_of
from inflight.services import deliveries

if TYPE_CHECKING:
    from django.forms import RadioSelect
else:
    from unfold.widgets import UnfoldAdminRadioSelectWidget as RadioSelect

SEND = "inflight.send_deliveries"
ATTEMPTS_SHOWN = 50
EVERYBODY = [(only, only.label) for only in (Delivery.Only.CHANGED, Delivery.Only.ALL)]
STATES = {"paused": "warning", "delivered": "success", "waiting": "warning", "failed": "danger"}


class BatchInline(ReadOnlyInline):
    """A delivery's batches, without their bytes; those that are not acknowledged come first."""

    model = DeliveryBatch
    fields = ("number", "status", "customers", "attempts", "http_status", "last_error", "acknowledged_at")
    readonly_fields = fields
    ordering = ("-status", "number")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryBatch]:
        return super().get_queryset(request).defer("payload")


class SendForm(forms.Form):
    """What to send."""

    only = forms.ChoiceField(label=gettext_lazy("Which customers"), choices=EVERYBODY, widget=RadioSelect)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries with their batches; an operator starts one or retries one."""

    icon = "flight_takeoff"
    when_empty = gettext_lazy(
        "Nothing has been sent to the partner yet. Import customers and purchases, then send them."
    )
    list_display = ("id", "state", "only", "next_attempt_at", "created_at", "finished_at", "requested_by")
    list_filter = ("status", "only", "created_at")
    search_keys = ("id",)
    search_fields = ("requested_by__istartswith",)
    search_help_text = gettext_lazy("A number, or the requester")
    ordering = ("-id",)
    fields = (
        "status", "only", "next_attempt_at", "failed_rounds", "requested_by", "created_at", "finished_at", "prepared_through",
    )  # fmt: skip
    inlines = (BatchInline,)
    change_form_outer_before_template = "admin/inflight/delivery/report.html"
    actions = ("retry", "pause", "resume", "send_again")
    tools = (
        Tool("send", gettext_lazy("Send customers"), "send", SEND),
        Tool("send_test", gettext_lazy("Send a test"), "network_check", SEND),
    )
    operations = {
        "retry": Operation(
            gettext_lazy("Retry now"),
            gettext_lazy(
                "A worker sends all batches again that are not acknowledged, including refused ones."
                " Acknowledged batches are not sent again."
            ),
            "replay",
        ),
        "pause": Operation(
            gettext_lazy("Pause"),
            gettext_lazy("Requests under way finish; nothing more is sent until you resume or retry the delivery."),
            "pause",
        ),
        "resume": Operation(
            gettext_lazy("Resume"),
            gettext_lazy("A worker continues with the batches that are not sent yet."),
            "play_arrow",
        ),
        "send_again": Operation(
            gettext_lazy("Send again"),
            gettext_lazy(
                "All stored bodies are sent again unchanged, with the same idempotency keys: the"
                " partner ignores those that it already has."
            ),
            "forward_to_inbox",
            always_asks=True,
        ),
    }

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, delivery: Delivery) -> SafeString:
        return coloured(_(delivery.state), STATES.get(delivery.state, ""))

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SEND)

    def applies(self, operation: str, row: Delivery) -> bool:
        return {
            "retry": row.status in (Delivery.Status.WAITING, Delivery.Status.FAILED),
            "pause": row.is_active and not row.is_paused,
            "resume": row.is_active and row.is_paused,
            "send_again": row.status == Delivery.Status.DELIVERED,
        }[operation]

    @admin.action(description=gettext_lazy("Retry unacknowledged batches now"), permissions=["send"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Make the selected deliveries due; a worker sends them."""
        self._do(request, queryset, deliveries.retry_delivery, _("Retrying"))

    @admin.action(description=gettext_lazy("Pause"), permissions=["send"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Hold back what is not sent yet."""
        self._do(request, queryset, deliveries.pause_delivery, _("Paused"))

    @admin.action(description=gettext_lazy("Resume"), permissions=["send"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Go on with what is paused."""
        self._do(request, queryset, deliveries.resume_delivery, _("Resumed"))

    @admin.action(description=gettext_lazy("Send acknowledged batches again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Have a worker send the same bodies with the same keys."""
        self._do(request, queryset, deliveries.send_again, _("Sending again"))

    def _do(
        self, request: HttpRequest, queryset: QuerySet[Delivery], step: Callable[[Delivery], Delivery], done: str
    ) -> None:
        for delivery in queryset:
            try:
                messages.success(request, _("%(done)s: %(delivery)s.") % {"done": done, "delivery": step(delivery)})
            except Problem as problem:
                messages.error(request, problem.detail)
        deliveries.deliver_later()

    def send_test(self, request: HttpRequest) -> HttpResponseBase:
        """Ask, then send the partner an empty list and show what it answers."""
        if request.method != "POST":
            text = _("An empty list is sent to %(address)s, as a batch would be, to see whether it is accepted.") % {
                "address": settings.CUSTOMERS_API_URL
            }
            return self.ask(request, Operation(_("Send a test"), text, "network_check"))
        started = time.monotonic()
        try:
            answer = deliveries.send_test()
        except TransportError as error:
            said = shortened(error.body.decode(errors="replace"))
            messages.error(
                request,
                ": ".join(filter(None, [_("No acknowledgement. %(error)s") % {"error": translated(str(error))}, said])),
            )
        else:
            messages.success(
                request,
                _("Acknowledged: %(answer_status)s after %(started)s s.")
                % {"answer_status": answer.status, "started": number_format(time.monotonic() - started, 2)},
            )
        return redirect(f"admin:{self.url_name('changelist')}")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().render_change_form(request, context | report_of(kwargs["obj"], request.user), *args, **kwargs)

    def send(self, request: HttpRequest) -> HttpResponseBase:
        """Ask which customers to send, then start a delivery; a worker sends it."""
        form = SendForm(request.POST or None, initial={"only": Delivery.Only.CHANGED})
        if not form.is_valid():
            return self._ask_what_to_send(request, form)
        delivery, is_new = deliveries.start_delivery(
            only=form.cleaned_data["only"], requested_by=request.user.get_username()
        )
        deliveries.deliver_later()
        messages.success(
            request,
            _("Started %(delivery)s.") % {"delivery": delivery}
            if is_new
            else _("Already under way: %(delivery)s.") % {"delivery": delivery},
        )
        return redirect(self.address_of(delivery))

    def _ask_what_to_send(self, request: HttpRequest, form: SendForm) -> TemplateResponse:
        changed, everyone = capped(Customer.objects.filter(needs_sending=True)), capped(Customer.objects.all())
        form.fields["only"].choices = [  # type: ignore[attr-defined]
            (Delivery.Only.CHANGED, _("New, or changed since they were last sent: %(number)s") % {"number": changed}),
            (Delivery.Only.ALL, _("All: %(number)s") % {"number": everyone}),
        ]
        text = _(
            "A worker sends the customers with their purchases to the partner. What has been delivered cannot be recalled."
        )
        if under_way := active_delivery():
            text = _(
                "Only one delivery runs at a time. %(delivery)s is under way and continues; no other is started."
            ) % {"delivery": under_way}
        return self.ask(request, Operation(_("Send customers"), text, "send"), form=form)


def report_of(delivery: Delivery, user: Any) -> dict[str, Any]:
    """Return what the report shows of a delivery: how far it is, what comes next, its timeline, and the last attempts."""
    shows_answers = user.has_perm("inflight.view_deliveryattempt")
    events, has_earlier = timeline_of(delivery, shows_answers=shows_answers)
    sums = delivery.batches.exclude(status=DeliveryBatch.Status.SPLIT).aggregate(
        all=Sum("customers"), acknowledged=Sum("customers", filter=Q(status=DeliveryBatch.Status.ACKNOWLEDGED))
    )
    everyone, acknowledged = sums["all"] or 0, sums["acknowledged"] or 0
    last = attempts_of(delivery).order_by("-id")
    return {
        "delivery": delivery,
        "events": events,
        "has_earlier": has_earlier,
        "shows_answers": shows_answers,
        "tone": STATES.get(delivery.state, ""),
        "everyone": everyone,
        "acknowledged": acknowledged,
        "percent": 100 * acknowledged // everyone if everyone else 0,
        "rounds": len(settings.DELIVERY_SCHEDULE),
        "last_failure": last.exclude(error="").first(),
        "attempts": last[:ATTEMPTS_SHOWN],
        "all_attempts": list_address(DeliveryAttempt, **{OF_A_DELIVERY: delivery.pk}),
    }
