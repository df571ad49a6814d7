"""Deliveries to the partner: their batches, and each request."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from config.core.telemetry.tracing import TRACEPARENT_LENGTH


class Delivery(models.Model):
    """A delivery of customers to the partner, in batches."""

    class Only(models.TextChoices):
        ALL = "all", "all"
        CHANGED = "changed", "new or changed"
        CHOSEN = "chosen", "selected"

    class Status(models.TextChoices):
        PREPARING = "preparing", "preparing (batches are being created)"
        SENDING = "sending", "sending"
        WAITING = "waiting", "waiting for the next attempt"
        DELIVERED = "delivered", "delivered"
        FAILED = "failed", "failed (needs a person)"

    ACTIVE = (Status.PREPARING, Status.SENDING, Status.WAITING)

    only = models.CharField("which customers", max_length=8, choices=Only.choices, default=Only.ALL)
    customer_ids = models.JSONField(null=True, help_text="the requested customers; null: all that `only` selects")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PREPARING)
    is_paused = models.BooleanField(
        default=False, db_default=False, help_text="an operator holds back what is not sent yet"
    )
    requested_by = models.CharField(max_length=255, blank=True)
    traceparent = models.CharField(
        max_length=TRACEPARENT_LENGTH, blank=True, default="", db_default="", help_text="trace context of the request"
    )
    prepared_through = models.CharField(max_length=64, blank=True, help_text="the last customer put into a batch")
    failed_rounds = models.PositiveIntegerField(
        default=0, help_text="rounds of attempts since the last acknowledgement"
    )
    next_attempt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    tried_since = models.DateTimeField(
        "retrying since", default=timezone.now, help_text="when it was created, or last retried by a person"
    )
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        permissions = [("send_deliveries", "Can send customers and retry deliveries")]
        indexes = [
            models.Index(name="delivery_by_status", fields=["status", "id"]),
            models.Index(name="delivery_by_requester", fields=["requested_by", "id"]),
            models.Index(name="delivery_by_time", fields=["created_at"]),
        ]
        constraints = [
            # A constant expression, unique among the active: at most one.
            models.UniqueConstraint(
                models.Value(1),
                name="one_delivery_is_active",
                condition=Q(status__in=["preparing", "sending", "waiting"]),
            ),
        ]

    def __str__(self) -> str:
        return gettext("delivery %(id)s (%(status)s)") % {"id": self.pk, "status": gettext(self.state)}

    @property
    def state(self) -> str:
        """Return the status, or that it is paused."""
        return "paused" if self.is_paused and self.is_active else self.status

    @property
    def is_active(self) -> bool:
        """Return whether there is still something to do without a person."""
        return self.status in self.ACTIVE


class DeliveryBatch(models.Model):
    """A snapshot of some customers: the same bytes and the same key at each attempt."""

    class Status(models.TextChoices):
        PENDING = "pending"
        ACKNOWLEDGED = "acknowledged"
        FAILED = "failed"
        SPLIT = "split", "split (too large for the partner; its halves are sent)"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="batches", db_index=False)
    split_from = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="halves")
    number = models.PositiveIntegerField()
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True)
    payload = models.BinaryField(null=True, help_text="deleted DELIVERY_RETENTION_DAYS after the acknowledgement")
    content_encoding = models.CharField(max_length=8, blank=True)
    customers = models.PositiveIntegerField(help_text="number of customers")
    customer_ids = models.JSONField(
        null=True, help_text="ids of the customers, in the payload's order; deleted with it"
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "delivery batches"
        permissions = [("read_bodies", "Can read the exact bodies that were sent; each reading is recorded")]
        constraints = [
            models.UniqueConstraint(name="batch_number_in_delivery", fields=["delivery", "number"]),
            models.CheckConstraint(
                name="unacknowledged_batch_has_payload",
                condition=Q(status__in=["acknowledged", "split"]) | Q(payload__isnull=False),
            ),
        ]
        # SQLite would read the payloads of all batches to find the next that is pending.
        indexes = [models.Index(name="batch_by_status", fields=["delivery", "status", "number"])]

    def __str__(self) -> str:
        return gettext("batch %(number)s of delivery %(id)s") % {"number": self.number, "id": self.delivery_id}


class DeliveryAttempt(models.Model):
    """One request to the partner: when, how long it took, and what came of it. Written before it is made."""

    batch = models.ForeignKey(DeliveryBatch, on_delete=models.CASCADE, related_name="+")
    request_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="sent as X-Request-ID")
    started_at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(null=True, help_text="until the answer or the failure; null: not finished")
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.TextField(blank=True, help_text="why the answer is no acknowledgement; blank if it is one")
    answer = models.TextField(blank=True, help_text="the first 500 bytes of the partner's answer")

    class Meta:
        indexes = [models.Index(name="attempt_by_time", fields=["started_at"])]

    def __str__(self) -> str:
        return gettext("attempt %(id)s of batch %(batch)s") % {"id": self.pk, "batch": self.batch_id}

    @property
    def outcome(self) -> str:
        """Return in a word what came of it."""
        if self.seconds is None:
            return "unfinished"
        return "failed" if self.error else "acknowledged"
