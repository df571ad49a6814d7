"""Deliver customers to the partner: in batches, in order, over a link that comes and goes.

A batch is a snapshot with one idempotency key. The partner's 2xx is the only thing that acknowledges it; until then the same
bytes are sent again, by whoever comes next: this request, the next schedule, another machine.
"""

import gzip
import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from config.api.idempotency import link_resource
from config.core.json import dumps
from config.core.locks import exclusive
from config.http.client import Answer, Client, TransportError
from config.worker.queue import wake_at
from inflight.exceptions import DeliveryInProgress
from inflight.models import Customer, Delivery, DeliveryBatch
from inflight.selectors import active_delivery, customers_to_send, outgoing_customers
from inflight.services.turns import an_erasure_waits

logger = logging.getLogger(__name__)

DELIVER_TASK = "inflight.tasks.deliver_due"
LOCK = "delivery"
WORKER_SECONDS = 240.0  # one task's share of a long delivery; the next task goes on
PAYLOAD_FAULTS = frozenset({400, 409, 413, 422})  # the partner refuses this batch, not us: the others may go on


def start_delivery(*, only: str = Delivery.Only.ALL, requested_by: str = "") -> tuple[Delivery, bool]:
    """Return the delivery under way, or a new one, and whether it is new."""
    try:
        with transaction.atomic():
            delivery = Delivery.objects.create(only=only, requested_by=requested_by)
            link_resource(delivery.pk)
            return delivery, True
    except IntegrityError:
        if active := active_delivery():
            return active, False
        return start_delivery(only=only, requested_by=requested_by)  # it ended just now


def retry_delivery(delivery: Delivery) -> Delivery:
    """Make what is not acknowledged due now; raise DeliveryInProgress when another delivery is."""
    try:
        with transaction.atomic():
            delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
            if delivery.status in (Delivery.Status.WAITING, Delivery.Status.FAILED):
                delivery.batches.filter(status=DeliveryBatch.Status.FAILED).update(status=DeliveryBatch.Status.PENDING)
                delivery.status, delivery.failed_rounds = Delivery.Status.SENDING, 0
                delivery.next_attempt_at = delivery.finished_at = None
                delivery.save()
    except IntegrityError as error:
        other = active_delivery()
        where = f"/api/deliveries/{other.pk}" if other else "/api/deliveries"
        raise DeliveryInProgress(
            f"Another delivery is under way: {where}. Retry when it has ended.", headers={"Location": where}
        ) from error
    return delivery


def deliver_later() -> None:
    """Have a worker go on with the delivery under way."""
    wake_at(DELIVER_TASK, timezone.now())


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
        if taken and delivery.is_active and (is_due or early):
            _begin(delivery)
            _prepare(delivery, deadline)
            if delivery.status != Delivery.Status.PREPARING:
                _send(delivery, deadline)
    if taken and delivery.status in (Delivery.Status.PREPARING, Delivery.Status.SENDING):
        deliver_later()
    return delivery


def _begin(delivery: Delivery) -> None:
    """Say that the wait is over, so that a person's retry meanwhile finds nothing to do."""
    if delivery.status == Delivery.Status.WAITING:
        delivery.status, delivery.next_attempt_at = Delivery.Status.SENDING, None
        delivery.save(update_fields=["status", "next_attempt_at"])


def _prepare(delivery: Delivery, deadline: float) -> None:
    """Snapshot customers batch by batch, each in a transaction of its own, until none is left or the time is up."""
    while delivery.status == Delivery.Status.PREPARING and not _must_stop(deadline):
        try:
            with transaction.atomic():
                _prepare_batch(delivery)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            return  # an import is changing these customers; a worker goes on when it has


def _prepare_batch(delivery: Delivery) -> None:
    """Snapshot the next customers, never waiting for their locks: waiting both ways would be a deadlock."""
    customers = list(customers_to_send(delivery).select_for_update(nowait=True)[: settings.DELIVERY_BATCH_SIZE])
    if customers:
        _snapshot(delivery, customers)
    else:
        delivery.status = Delivery.Status.SENDING
    delivery.save(update_fields=["status", "prepared_through"])


def _snapshot(delivery: Delivery, customers: list[Customer]) -> None:
    payload, keys = dumps(outgoing_customers(customers)), [customer.pk for customer in customers]
    DeliveryBatch.objects.create(
        delivery=delivery,
        number=delivery.batches.count() + 1,
        payload=gzip.compress(payload, mtime=0) if settings.DELIVERY_GZIP else payload,
        content_encoding="gzip" if settings.DELIVERY_GZIP else "",
        customers=len(customers),
        customer_ids=keys,
    )
    Customer.objects.filter(pk__in=keys, needs_sending=True).update(needs_sending=False)
    delivery.prepared_through = keys[-1]


def _must_stop(deadline: float) -> bool:
    return time.monotonic() >= deadline or an_erasure_waits()


def _send(delivery: Delivery, deadline: float) -> None:
    """Send the pending batches in order until one must wait, the time is up, or all are done."""
    pending = delivery.batches.filter(status=DeliveryBatch.Status.PENDING).order_by("number")
    with Client(role="partner API") as client:
        while batch := pending.first():
            if _must_stop(deadline):
                return
            try:
                answer = _post(client, batch, deadline)
            except TransportError as error:
                if not _goes_on_after(delivery, batch, error):
                    return
            else:
                _acknowledge(delivery, batch, answer.status)
    failed = delivery.batches.filter(status=DeliveryBatch.Status.FAILED).exists()
    _end(delivery, Delivery.Status.FAILED if failed else Delivery.Status.DELIVERED)


def _post(client: Client, batch: DeliveryBatch, deadline: float) -> Answer:
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(batch.idempotency_key)}
    if batch.content_encoding:
        headers["Content-Encoding"] = batch.content_encoding
    return client.call(
        "POST",
        settings.CUSTOMERS_API_URL,
        headers=headers,
        data=bytes(batch.payload or b""),
        deadline=min(deadline, time.monotonic() + settings.SEND_BUDGET_SECONDS),
        before_attempt=lambda: _count_attempt(batch),
        wants_body=False,
    )


def _count_attempt(batch: DeliveryBatch) -> None:
    """Counted before it is made, so that an attempt that kills us is on record."""
    DeliveryBatch.objects.filter(pk=batch.pk).update(attempts=F("attempts") + 1)


def _acknowledge(delivery: Delivery, batch: DeliveryBatch, status: int) -> None:
    with transaction.atomic():
        DeliveryBatch.objects.filter(pk=batch.pk).update(
            status=DeliveryBatch.Status.ACKNOWLEDGED, acknowledged_at=timezone.now(), http_status=status, last_error=""
        )
        delivery.status, delivery.failed_rounds, delivery.next_attempt_at = Delivery.Status.SENDING, 0, None
        delivery.save(update_fields=["status", "failed_rounds", "next_attempt_at"])


def _goes_on_after(delivery: Delivery, batch: DeliveryBatch, error: TransportError) -> bool:
    """Record a failed attempt; return whether the batches behind may be sent all the same."""
    logger.warning("Batch %d of delivery %s: %s", batch.number, delivery.pk, error)
    said = error.body.decode(errors="replace").replace("\0", "")
    batch.last_error, batch.http_status = ": ".join(filter(None, [str(error), said])), error.status
    if error.permanent:
        batch.status = DeliveryBatch.Status.FAILED
    batch.save(update_fields=["last_error", "http_status", "status"])
    if not error.permanent:
        _wait(delivery, error.retry_after)
        return False
    if error.status in PAYLOAD_FAULTS:
        return True
    _end(delivery, Delivery.Status.FAILED)
    return False


def _wait(delivery: Delivery, retry_after: float | None) -> None:
    """Put the whole delivery off: the target is down, and the other batches would only burn their own timeouts."""
    if delivery.failed_rounds >= len(settings.DELIVERY_SCHEDULE):
        logger.error("Delivery %s is given up after %d rounds", delivery.pk, delivery.failed_rounds)
        _end(delivery, Delivery.Status.FAILED)
        return
    wait = max(settings.DELIVERY_SCHEDULE[delivery.failed_rounds], retry_after or 0.0)
    delivery.status, delivery.failed_rounds = Delivery.Status.WAITING, delivery.failed_rounds + 1
    delivery.next_attempt_at = timezone.now() + timedelta(seconds=wait)
    with transaction.atomic():
        delivery.save(update_fields=["status", "failed_rounds", "next_attempt_at"])
        wake_at(DELIVER_TASK, delivery.next_attempt_at)


def _end(delivery: Delivery, status: Delivery.Status) -> None:
    delivery.status, delivery.finished_at, delivery.next_attempt_at = status, timezone.now(), None
    delivery.save(update_fields=["status", "finished_at", "next_attempt_at"])


def drop_old_payloads() -> None:
    """Drop the bytes of batches acknowledged DELIVERY_RETENTION_DAYS ago; what is not acknowledged is kept."""
    before = timezone.now() - timedelta(days=settings.DELIVERY_RETENTION_DAYS)
    DeliveryBatch.objects.filter(acknowledged_at__lt=before, payload__isnull=False).update(
        payload=None, customer_ids=None
    )
