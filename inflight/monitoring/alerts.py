"""Alerts of inflight: imports with rejects or without an end, files that are not picked up, deliveries that wait or failed.

What they say names no passenger and repeats nothing that the partner or a file said: it leaves this system.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.db.models import Max, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.monitoring.alerts.sources import Condition, Severity
from inflight.models import Delivery, DeliveryBatch, ImportRun, Pickup

A_DAY = timedelta(days=1)
LONG = timedelta(hours=1)  # for a delivery to wait, and for files to be moved
MOST_IMPORTS = 1000  # that ended within a day; and as many pickups
LEFT = (DeliveryBatch.Status.PENDING, DeliveryBatch.Status.FAILED)
ENDED_BADLY = {
    ImportRun.Status.FAILED: gettext_lazy("Import %(run)s failed"),
    ImportRun.Status.INTERRUPTED: gettext_lazy("Import %(run)s was interrupted"),
}


def conditions(now: datetime) -> Iterator[Condition]:
    """Yield the imports and pickups of a day that people must look at, and the deliveries that do not arrive."""
    started = ImportRun.objects.filter(created_at__gte=now - 2 * A_DAY, dry_run=False)
    told = [ImportRun.Status.COMPLETED_WITH_REJECTS, *ENDED_BADLY]
    for run in started.filter(finished_at__gte=now - A_DAY, status__in=told).order_by("-pk")[:MOST_IMPORTS]:
        yield _import(run)
    failed = Pickup.objects.filter(status=Pickup.Status.FAILED, finished_at__gte=now - A_DAY)
    for pickup in failed.exclude(run__status=ImportRun.Status.FAILED).order_by("-pk")[
        :MOST_IMPORTS
    ]:  # which are told above
        yield _failed_pickup(pickup)
    for pickup in Pickup.objects.filter(status=Pickup.Status.MOVING).order_by("pk")[:MOST_IMPORTS]:
        yield _stuck_pickup(pickup)
    for delivery in waiting_deliveries():
        yield _waiting(delivery)
    for delivery in failed_deliveries():
        yield _failure(delivery)


def _import(run: ImportRun) -> Condition:
    files = [
        _counted(run.customers_file_path, run.customers),
        _counted(run.purchased_file_path, run.purchases),
    ]
    if run.status in ENDED_BADLY:
        severity, title = Severity.ERROR, ENDED_BADLY[ImportRun.Status(run.status)] % {"run": run.pk}
        names = _(" and ").join(name for name, *_counts in files)
        detail = _("%(names)s: nothing was imported. The import's page says why.") % {"names": names}
    else:
        severity = Severity.WARNING
        number = sum(rejected for _name, rejected, _read in files)
        title = _("Import %(run)s ended with rejected rows: %(number)s") % {"run": run.pk, "number": number}
        detail = "\n".join(
            _("%(name)s: rejected %(rejected)s of %(read)s") % {"name": name, "rejected": rejected, "read": read}
            for name, rejected, read in files
        )
    return Condition(
        key=f"import-{run.pk}",
        state=run.status,
        severity=severity,
        title=title,
        detail=detail,
        path=f"/admin/inflight/importrun/{run.pk}/change/",
        since=run.finished_at or run.created_at,
        happened=True,
    )


def _failed_pickup(pickup: Pickup) -> Condition:
    return Condition(
        key=f"pickup-{pickup.pk}",
        state="failed",
        title=_("Pickup %(pickup)s failed") % {"pickup": pickup.pk},
        detail=_("%(names)s: nothing was imported. The pickup's page says why.")
        % {"names": _(" and ").join(pickup.names)},
        path=_pickup_path(pickup),
        since=pickup.finished_at or pickup.created_at,
        happened=True,
    )


def _stuck_pickup(pickup: Pickup) -> Condition:
    return Condition(
        key=f"pickup-{pickup.pk}-moving",
        state="moving",
        severity=Severity.WARNING,
        title=_("The files of pickup %(pickup)s cannot be moved out of the inbox") % {"pickup": pickup.pk},
        detail=_("%(names)s: the log says why. It is retried automatically.")
        % {"names": _(" and ").join(pickup.names)},
        recovery=_("The files of pickup %(pickup)s were moved out of the inbox") % {"pickup": pickup.pk},
        path=_pickup_path(pickup),
        since=pickup.still_since,
        patience=LONG,
    )


def _pickup_path(pickup: Pickup) -> str:
    return f"/admin/inflight/pickup/{pickup.pk}/change/"


def _counted(path: str, counts: dict[str, Any] | None) -> tuple[str, int, int]:
    counts = counts or {}
    return PurePath(path).name, counts.get("rejected", 0), counts.get("read", 0)


def waiting_deliveries() -> QuerySet[Delivery]:
    """Return the deliveries that the partner did not take at the last attempt."""
    return Delivery.objects.filter(status__in=Delivery.ACTIVE, failed_rounds__gt=0, is_paused=False)


def waits_since(delivery: Delivery) -> datetime:
    """Return when the partner last took something of a delivery, or when it was first asked to."""
    acknowledged = delivery.batches.aggregate(last=Max("acknowledged_at"))["last"]
    return max(acknowledged or delivery.tried_since, delivery.tried_since)


def _waiting(delivery: Delivery) -> Condition:
    return Condition(
        key=_key(delivery),
        state="waiting",
        severity=Severity.WARNING,
        title=_("Delivery %(delivery)s has waited for the partner for more than an hour") % {"delivery": delivery.pk},
        detail=_("%(delivery)s It is retried automatically; nobody needs to act unless this lasts.")
        % {"delivery": _left(delivery)},
        recovery=_("Delivery %(delivery)s no longer waits for the partner") % {"delivery": delivery.pk},
        path=_path(delivery),
        since=waits_since(delivery),
        patience=LONG,
    )


def failed_deliveries() -> QuerySet[Delivery]:
    """Return the failed deliveries whose customers no later delivery of everyone has brought to the partner."""
    everyone = Delivery.objects.filter(status=Delivery.Status.DELIVERED, only=Delivery.Only.ALL)
    last = everyone.order_by("-pk").values_list("pk", flat=True).first()
    return Delivery.objects.filter(status=Delivery.Status.FAILED, pk__gt=last or 0)


def _failure(delivery: Delivery) -> Condition:
    return Condition(
        key=_key(delivery),
        state="failed",
        title=_("Delivery %(delivery)s failed") % {"delivery": delivery.pk},
        detail=_(
            "%(delivery)s There are no further attempts until a person corrects the cause and retries the delivery."
        )
        % {"delivery": _left(delivery)},
        recovery=_("Delivery %(delivery)s no longer counts as failed: it continues, or all customers were sent again")
        % {"delivery": delivery.pk},
        path=_path(delivery),
        since=delivery.finished_at or delivery.created_at,
    )


def _left(delivery: Delivery) -> str:
    """Say what has not arrived, and how the partner answered last: in one text, by which French finds it again."""
    batches = delivery.batches.filter(status__in=LEFT)
    values = {"customers": batches.aggregate(customers=Sum("customers"))["customers"] or 0}
    tried = batches.filter(attempts__gt=0).order_by("-status", "number").values_list("http_status").first()
    if tried is None:
        return _("Customers not delivered: %(customers)s.") % values
    (status,) = tried
    if status is None:
        return _("Customers not delivered: %(customers)s. There was no answer.") % values
    return _("Customers not delivered: %(customers)s. The last answer was %(status)s.") % (values | {"status": status})


def _key(delivery: Delivery) -> str:
    return f"delivery-{delivery.pk}"


def _path(delivery: Delivery) -> str:
    return f"/admin/inflight/delivery/{delivery.pk}/change/"
