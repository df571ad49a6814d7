"""Deliver customers to the partner: in batches, in order, over a link that comes and goes.

A batch is a snapshot with one idempotency key. The partner's 2xx is the only thing that acknowledges it; until then the same
bytes are sent again, by whoever comes next: this request, the next schedule, another machine.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.access import audit
from config.api.idempotency import link_resource
from config.core.json import dumps
from config.core.locks import exclusive
from config.core.telemetry import tracing
from config.http.client import Answer
from config.worker.queue import wake_at
from inflight.exceptions import DeliveryEnded, DeliveryInProgress, NoSuchCustomers, NothingKept
from inflight.models import Customer, Delivery, DeliveryBatch
from inflight.partner.client import partner_client
from inflight.partner.documents import CustomerDocument
from inflight.selectors import ACTIVE_DELIVERY, active_delivery, customers_to_send, outgoing_customers
from inflight.services.rounds import DELIVER_TASK, Round, wait

LOCK = "delivery"
WORKER_SECONDS = 240.0  # one task's share of a long delivery; the next task goes on
BLOCKED_SECONDS = 2.0  # until the next look at customers that an import is changing


def start_delivery(
    *, only: str = Delivery.Only.ALL, customer_ids: Sequence[str] | None = None, requested_by: str = ""
) -> tuple[Delivery, bool]:
    """Return the delivery under way, or a new one, and whether it is new.

    Of certain customers: raise NoSuchCustomers for unknown ones, and DeliveryInProgress where another is under way.
    """
    if customer_ids is not None:
        _check_known(customer_ids)
    try:
        with transaction.atomic():
            only = only if customer_ids is None else Delivery.Only.CHOSEN
            delivery = Delivery.objects.create(
                only=only,
                customer_ids=customer_ids,
                requested_by=requested_by,
                traceparent=tracing.current_traceparent(),
            )
            link_resource(delivery.pk)
            audit.record("start_delivery", delivery, only=only)
            return delivery, True
    except IntegrityError as error:
        if customer_ids is not None:
            raise _in_progress() from error
        if active := active_delivery():
            return active, False
        return start_delivery(only=only, requested_by=requested_by)  # it ended just now


def _check_known(customer_ids: Sequence[str]) -> None:
    known = set(Customer.objects.filter(pk__in=customer_ids).values_list("pk", flat=True))
    if missing := [each for each in customer_ids if each not in known]:
        raise NoSuchCustomers(missing)


def _in_progress() -> DeliveryInProgress:
    other = active_delivery()
    where = f"/api/deliveries/{other.pk}" if other else "/api/deliveries"
    if other and other.is_paused:
        text = _("Another delivery is under way, and paused: %(where)s. Resume it first.")
    else:
        text = _("Another delivery is under way: %(where)s. Wait until it has ended.")
    return DeliveryInProgress(text % {"where": where}, headers={"Location": where})


@dataclass(frozen=True)
class DryRun:
    """What a delivery would send now. `estimated_bytes`: of all bodies, as if all batches were like the first."""

    customers: int
    batches: int
    first_body: list[CustomerDocument]
    first_body_bytes: int
    estimated_bytes: int


def dry_run(*, only: str = Delivery.Only.ALL, customer_ids: Sequence[str] | None = None) -> DryRun:
    """Return what would be sent, and change nothing; raise NoSuchCustomers."""
    if customer_ids is not None:
        _check_known(customer_ids)
    found = customers_to_send(Delivery(only=only, customer_ids=customer_ids))
    customers, size = found.count(), settings.DELIVERY_BATCH_SIZE
    first = outgoing_customers(found[:size])
    audit.record("preview_delivery", audit.Target("inflight.customer"), only=only)  # it shows a batch of persons
    length = len(dumps(first)) if first else 0
    whole = length * customers // len(first) if first else 0
    return DryRun(customers, -(-customers // size), first, length, whole)


def retry_delivery(delivery: Delivery) -> Delivery:
    """Make what is not acknowledged due now, paused or not; raise DeliveryInProgress when another delivery is."""
    return _reopen(delivery, (Delivery.Status.WAITING, Delivery.Status.FAILED), DeliveryBatch.Status.FAILED, "retry")


def send_again(delivery: Delivery) -> Delivery:
    """Make all batches due whose bytes are kept: with the same keys as before, so that a partner who has them does nothing.

    Raise NothingKept where none is, DeliveryInProgress when another delivery is.
    """
    kept = delivery.batches.filter(status=DeliveryBatch.Status.ACKNOWLEDGED, payload__isnull=False)
    if not kept.exists():
        days = settings.DELIVERY_RETENTION_DAYS
        raise NothingKept(
            _("No body of this delivery is stored; bodies are deleted %(days)s days after the acknowledgement.")
            % {"days": days}
        )
    return _reopen(delivery, (Delivery.Status.DELIVERED,), DeliveryBatch.Status.ACKNOWLEDGED, "send this one again")


def _reopen(delivery: Delivery, from_: Sequence[str], batches: str, what: str) -> Delivery:
    try:
        with transaction.atomic():
            delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
            if delivery.status in from_:
                due = delivery.batches.filter(status=batches, payload__isnull=False)
                due.update(status=DeliveryBatch.Status.PENDING, acknowledged_at=None)
                delivery.status, delivery.failed_rounds, delivery.is_paused = Delivery.Status.SENDING, 0, False
                delivery.next_attempt_at, delivery.finished_at, delivery.tried_since = None, None, timezone.now()
                delivery.traceparent = tracing.current_traceparent()
                delivery.save()
                audit.record("retry_delivery" if what == "retry" else "send_again", delivery)
    except IntegrityError as error:
        raise _in_progress() from error
    return delivery


def pause_delivery(delivery: Delivery) -> Delivery:
    """Hold back what is not sent yet; batches in flight end. Raise DeliveryEnded where there is nothing to hold back."""
    return _set_paused(delivery, is_paused=True)


def resume_delivery(delivery: Delivery) -> Delivery:
    """Go on with a delivery that is paused; a worker does. Raise DeliveryEnded."""
    delivery = _set_paused(delivery, is_paused=False)
    deliver_later()
    return delivery


def _set_paused(delivery: Delivery, *, is_paused: bool) -> Delivery:
    with transaction.atomic():
        if not Delivery.objects.filter(ACTIVE_DELIVERY, pk=delivery.pk).update(is_paused=is_paused):
            raise DeliveryEnded(_("This delivery has ended, so there is nothing to pause or resume."))
        audit.record("pause_delivery" if is_paused else "resume_delivery", delivery)
    delivery.refresh_from_db()
    return delivery


def deliver_later(*, seconds: float = 0.0) -> None:
    """Have a worker go on with the delivery under way, in so many seconds."""
    wake_at(DELIVER_TASK, timezone.now() + timedelta(seconds=seconds))


def deliver_due() -> None:
    """Go on with the delivery under way if it is due; a worker's share of it."""
    if delivery := active_delivery():
        deliver(delivery, seconds=WORKER_SECONDS, early=False)


def deliver(delivery: Delivery, *, seconds: float, early: bool = True) -> Delivery:
    """Snapshot and send what is left, for about `seconds`; return the delivery as it then is.

    Only one process at a time does this; the others return at once. Out of time, it leaves the rest to a worker. `early`: also
    before the next attempt is due.
    """
    deadline = time.monotonic() + seconds
    with exclusive(LOCK) as taken:
        delivery.refresh_from_db()
        is_due = delivery.next_attempt_at is None or delivery.next_attempt_at <= timezone.now()
        if not (taken and delivery.is_active and not delivery.is_paused and (is_due or early)):
            return delivery
        _begin(delivery)
        with tracing.span("round of a delivery", traceparent=delivery.traceparent, delivery=delivery.pk):
            is_blocked = _run(Round(delivery, deadline))
    delivery.refresh_from_db()
    if delivery.status in (Delivery.Status.PREPARING, Delivery.Status.SENDING) and not (
        delivery.is_paused or delivery.next_attempt_at
    ):
        deliver_later(seconds=BLOCKED_SECONDS if is_blocked else 0.0)
    return delivery


def _run(round_: Round) -> bool:
    """Run a round; return whether an import blocks it. One that breaks is put off like one whose partner is away."""
    try:
        round_.run()
    except Exception:
        with suppress(DatabaseError):
            wait(round_.delivery)
        raise
    return round_.is_blocked


def _begin(delivery: Delivery) -> None:
    """Say that the wait is over, so that a person's retry meanwhile finds nothing to do."""
    if delivery.next_attempt_at is not None:
        is_waiting = delivery.status == Delivery.Status.WAITING
        delivery.status = Delivery.Status.SENDING if is_waiting else delivery.status
        delivery.next_attempt_at = None
        delivery.save(update_fields=["status", "next_attempt_at"])


def send_test() -> Answer:
    """Send the partner an empty list, once, as a batch would be; return the answer or raise TransportError."""
    audit.record("send_test")  # before it: also one that is refused has gone out
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4()), "X-Request-ID": str(uuid4())}
    with partner_client() as client:
        return client.call("POST", settings.CUSTOMERS_API_URL, headers=headers, data=b"[]", wants_body=False)
