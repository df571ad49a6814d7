"""Make batches: snapshots of customers with one idempotency key each, whose bytes never change."""

import gzip
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from config.core.json import dumps, loads
from inflight.models import Customer, Delivery, DeliveryAttempt, DeliveryBatch
from inflight.partner.window import Request
from inflight.selectors import SENT_COLUMNS, Person, customers_to_send, outgoing_customers

DROPPED_AT_ONCE = 1000  # attempts


def prepare_batch(delivery: Delivery) -> None:
    """Snapshot the next customers, never waiting for their locks: waiting both ways would be a deadlock."""
    with transaction.atomic():
        due = customers_to_send(delivery).select_for_update(nowait=True)[: settings.DELIVERY_BATCH_SIZE]
        customers = list(due.values_list(*SENT_COLUMNS, named=True))  # four times as fast as models
        if customers:
            _snapshot(delivery, customers)
        else:
            delivery.status = Delivery.Status.SENDING
        delivery.save(update_fields=["status", "prepared_through"])


def _snapshot(delivery: Delivery, customers: Sequence[Person]) -> None:
    keys = [customer.customer_id for customer in customers]
    _add_batch(delivery, _number(delivery), dumps(outgoing_customers(customers)), keys, len(keys))
    Customer.objects.filter(pk__in=keys, needs_sending=True).update(needs_sending=False)
    delivery.prepared_through = keys[-1]


def split_batch(batch: DeliveryBatch) -> None:
    """Replace a batch that is too large for the partner by its halves, each with a key of its own, behind all others."""
    documents, keys = loads(body_of(batch)), batch.customer_ids
    half = len(documents) // 2
    with transaction.atomic():
        for part in (slice(0, half), slice(half, None)):
            found = documents[part]
            _add_batch(
                batch.delivery, _number(batch.delivery), dumps(found), keys and keys[part], len(found), split_from=batch
            )
        batch.status, batch.payload, batch.customer_ids = DeliveryBatch.Status.SPLIT, None, None
        batch.save(update_fields=["status", "payload", "customer_ids"])


def _number(delivery: Delivery) -> int:
    """The number of the next batch."""
    return (delivery.batches.aggregate(last=Max("number"))["last"] or 0) + 1


def _add_batch(
    delivery: Delivery,
    number: int,
    body: bytes,
    keys: list[str] | None,
    customers: int,
    split_from: DeliveryBatch | None = None,
) -> None:
    DeliveryBatch.objects.create(
        delivery=delivery,
        split_from=split_from,
        number=number,
        payload=gzip.compress(body, mtime=0) if settings.DELIVERY_GZIP else body,
        content_encoding="gzip" if settings.DELIVERY_GZIP else "",
        customers=customers,
        customer_ids=keys,
    )


def body_of(batch: DeliveryBatch) -> bytes:
    """Return the JSON of a batch whose payload is kept."""
    payload = bytes(batch.payload or b"")
    return gzip.decompress(payload) if batch.content_encoding == "gzip" else payload


def request_of(batch: DeliveryBatch) -> Request:
    """Return what goes out for a batch, at each attempt."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(batch.idempotency_key)}
    if batch.content_encoding:
        headers["Content-Encoding"] = batch.content_encoding
    return Request(batch.pk, bytes(batch.payload or b""), headers)


def drop_old_payloads() -> None:
    """Drop the bytes of batches acknowledged DELIVERY_RETENTION_DAYS ago; what is not acknowledged is kept."""
    before = timezone.now() - timedelta(days=settings.DELIVERY_RETENTION_DAYS)
    old = DeliveryBatch.objects.filter(acknowledged_at__lt=before, payload__isnull=False)
    old.update(payload=None, customer_ids=None)


def drop_old_attempts() -> None:
    """Delete what is known of attempts made ATTEMPT_RETENTION_DAYS ago."""
    before = timezone.now() - timedelta(days=settings.ATTEMPT_RETENTION_DAYS)
    old = DeliveryAttempt.objects.filter(started_at__lt=before).order_by("started_at")
    while keys := list(old.values_list("pk", flat=True)[:DROPPED_AT_ONCE]):
        DeliveryAttempt.objects.filter(pk__in=keys).delete()
