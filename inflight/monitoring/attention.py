"""What of imports, pickups and deliveries needs a person."""

from collections.abc import Iterator

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from config.core.admin_columns import capped, list_address
from config.monitoring import import_needs
from config.monitoring.attention import MOST_NAMED, Need, named
from config.monitoring.dashboard import Tone, a_day_ago, duration
from inflight.models import Delivery, ImportRun, Pickup
from inflight.monitoring.alerts import LEFT, failed_deliveries
from inflight.selectors import active_delivery

SEND = "inflight.send_deliveries"


def deliveries() -> Iterator[Need]:
    """Yield the deliveries that failed, and the one that waits for the partner or is paused."""
    failed = failed_deliveries().order_by("-pk")
    with_numbers = failed.annotate(left=Sum("batches__customers", filter=Q(batches__status__in=LEFT)))
    yield from named(
        with_numbers[: MOST_NAMED + 1],
        lambda delivery: _of(delivery, _failure(delivery.pk, delivery.left or 0), "retry", _("Retry now")),
        lambda: Need(
            _("%(number)s deliveries failed.") % {"number": capped(failed)},
            _("View the deliveries"),
            list_address(Delivery, status__exact=Delivery.Status.FAILED),
        ),
    )
    if (active := active_delivery()) and (need := _hold_up(active)):
        yield need


def _failure(key: int, left: int) -> str:
    return _("Delivery %(id)s failed. Customers not delivered: %(left)s.") % {"id": key, "left": left}


def _hold_up(delivery: Delivery) -> Need | None:
    if delivery.is_paused:
        text = _("Delivery %(id)s is paused.") % {"id": delivery.pk}
        return _of(delivery, text, "resume", _("Resume"), Tone.WAITING)
    if delivery.status != Delivery.Status.WAITING or delivery.next_attempt_at is None:
        return None
    left = duration((delivery.next_attempt_at - timezone.now()).total_seconds())
    text = _("Delivery %(id)s waits for the partner; a worker tries again in %(left)s.")
    return _of(delivery, text % {"id": delivery.pk, "left": left}, "retry", _("Retry now"), Tone.WAITING)


def _of(delivery: Delivery, text: str, operation: str, button: str, tone: Tone = Tone.BAD) -> Need:
    pages = {page: reverse(f"admin:inflight_delivery_{page}", args=(delivery.pk,)) for page in (operation, "change")}
    return Need(text, button, pages[operation], tone, needs=SEND, look=pages["change"])


def imports() -> Iterator[Need]:
    """Yield the imports of a day that came to nothing, and those with rejected rows that are left."""
    return import_needs.needs(ImportRun, "inflight.import_files")


def pickups() -> Iterator[Need]:
    """Yield the pickups of a day that failed, but for those whose import says it."""
    failed = Pickup.objects.filter(status=Pickup.Status.FAILED, finished_at__gte=a_day_ago())
    failed = failed.exclude(run__status=ImportRun.Status.FAILED).order_by("-pk")
    yield from named(
        failed[: MOST_NAMED + 1],
        lambda pickup: Need(
            _("Pickup %(id)s failed: its files were not imported.") % {"id": pickup.pk},
            _("See why"),
            reverse("admin:inflight_pickup_change", args=(pickup.pk,)),
        ),
        lambda: Need(
            _("%(number)s pickups failed in the last 24 hours.") % {"number": capped(failed)},
            _("View the pickups"),
            list_address(Pickup, status__exact=Pickup.Status.FAILED),
        ),
    )
