"""Panels of inflight on the admin's first page."""

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext as _

from config.core.admin_columns import capped, link_to, list_address
from config.core.moments import moment
from config.monitoring.charts import Series, among_newest, hour_links, hourly_chart, per_hour
from config.monitoring.dashboard import Figure, Next, Panel, Tone, a_day_ago, duration, tone_of
from inflight.models import Customer, Delivery, DeliveryBatch, ImportReject, ImportRun
from inflight.selectors import active_delivery

LAST_IMPORTS = 5


def deliveries() -> Panel:
    """Return what was sent, what waits and what needs a person."""
    delivered = among_newest(Delivery.objects.filter(status=Delivery.Status.DELIVERED)).filter(
        finished_at__gte=a_day_ago()
    )
    failed = Delivery.objects.filter(status=Delivery.Status.FAILED)
    to_send = Customer.objects.filter(needs_sending=True)
    arrived = per_hour(DeliveryBatch.objects.all(), "acknowledged_at", Sum("customers"))
    send = Next(
        _("Nothing has been sent yet."),
        reverse("admin:inflight_delivery_send"),
        _("Send customers"),
        "inflight.send_deliveries",
    )
    return Panel(
        [
            _under_way(),
            Figure(_("delivered in 24 h"), capped(delivered), list_address(Delivery, status__exact="delivered")),
            Figure(
                _("failed"),
                capped(failed),
                list_address(Delivery, status__exact="failed"),
                tone_of(failed.exists(), Tone.BAD),
            ),
            Figure(_("customers to send"), capped(to_send), list_address(Customer, needs_sending__exact=1)),
        ],
        hourly_chart(
            gettext("Customers delivered to the partner by hour"),
            [Series(gettext("customers"), "good", arrived, hour_links(DeliveryBatch, "acknowledged_at"))],
        ),
        next=None if Delivery.objects.exists() else send,
    )


def _under_way() -> Figure:
    delivery = active_delivery()
    if delivery is None:
        return Figure(_("under way"), _("none"))
    link = reverse("admin:inflight_delivery_change", args=(delivery.pk,))
    if delivery.next_attempt_at is None:
        return Figure(_("under way"), delivery.status, link)
    left = duration((delivery.next_attempt_at - timezone.now()).total_seconds())
    return Figure(_("waiting; next attempt"), _("in %(left)s") % {"left": left}, link, Tone.WAITING)


def imports() -> Panel:
    """Return the last imports with what they rejected."""
    upload = Next(
        _("No files have been imported yet."),
        reverse("admin:inflight_importrun_import_files"),
        _("Import files"),
        "inflight.import_files",
    )
    runs = list(ImportRun.objects.order_by("-pk")[:LAST_IMPORTS])
    return Panel(
        columns=(pgettext("one", "Import"), _("Status"), _("Rejected"), _("New or changed"), _("When")),
        rows=[
            (
                link_to(ImportRun, run.pk),
                run.get_status_display().capitalize() + (_(" (dry run)") if run.dry_run else ""),
                _rejected(run),
                _count(run, "inserted") + _count(run, "updated"),
                moment(run.created_at),
            )
            for run in runs
        ],
        next=None if runs else upload,
    )


def _count(run: ImportRun, what: str) -> int:
    return sum((counts or {}).get(what, 0) for counts in (run.customers, run.purchases))


def _rejected(run: ImportRun) -> str | int:
    rejected = _count(run, "rejected")
    return (
        format_html('<a href="{}">{}</a>', list_address(ImportReject, run__exact=run.pk), rejected) if rejected else 0
    )
