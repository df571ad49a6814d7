"""Customers and purchases, imports and their rejects, deliveries and their batches.

What happens to them is a row with a state; the queue only says "look now".
"""

import uuid
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.utils import timezone

from inflight.models.pickup import Pickup

__all__ = [
    "Customer",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryBatch",
    "ImportReject",
    "ImportRun",
    "KeyField",
    "Pickup",
    "Purchase",
]


class KeyField(models.CharField[str, str]):
    """A natural key, compared byte by byte on every database, so that the order is the same everywhere.

    On PostgreSQL Django gives each varchar key a second index for LIKE, which doubles the work of an import. Under the "C"
    collation the plain index serves LIKE too; a type that is not spelled "varchar" is spared the second one.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        if connection.vendor == "postgresql":
            return f"character varying({self.max_length})"
        return super().db_type(connection)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}


class Customer(models.Model):
    """A passenger who bought something. Of some only the id is known."""

    class Title(models.TextChoices):
        MME = "1", "Mme"
        M = "2", "M"

    customer_id = KeyField(max_length=64, primary_key=True)
    title = models.CharField(max_length=1, choices=Title.choices, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    first_name = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    needs_sending = models.BooleanField(
        default=True, db_default=True, help_text="new or changed since it was last put into a delivery"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="customer_has_id", condition=~Q(customer_id="")),
            models.CheckConstraint(name="customer_title_known", condition=Q(title__in=["", "1", "2"])),
        ]
        indexes = [models.Index(name="customer_needs_sending", fields=["customer_id"], condition=Q(needs_sending=True))]

    def __str__(self) -> str:
        return " ".join(part for part in (self.customer_id, self.first_name, self.last_name) if part)


class Purchase(models.Model):
    """One line of what a customer bought on board."""

    purchase_identifier = KeyField(max_length=64, primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="purchases", db_index=False)
    product_id = models.CharField(max_length=64)
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=15, decimal_places=4, help_text="of one piece")
    currency = models.CharField(max_length=3, help_text="ISO 4217")
    purchased_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="purchase_has_identifier", condition=~Q(purchase_identifier="")),
            models.CheckConstraint(name="purchase_quantity_positive", condition=Q(quantity__gte=1)),
            models.CheckConstraint(name="purchase_price_not_negative", condition=Q(price__gte=0)),
        ]
        indexes = [models.Index(name="purchase_customer", fields=["customer"])]

    def __str__(self) -> str:
        return self.purchase_identifier


class ImportRun(models.Model):
    """One import of a customers file and a purchases file."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        COMPLETED_WITH_REJECTS = "completed_with_rejects"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    status = models.CharField(max_length=32, choices=Status.choices)
    customers_file_path = models.TextField()
    purchased_file_path = models.TextField()
    dry_run = models.BooleanField(default=False)
    requested_by = models.CharField(max_length=255, blank=True)
    progress = models.FloatField(default=0.0, help_text="share of the files' bytes read, 0 to 1")
    customers = models.JSONField(null=True, help_text="counts: read, inserted, updated, unchanged, rejected, skipped")
    purchases = models.JSONField(null=True, help_text="counts, as for customers")
    read_as = models.JSONField(null=True, help_text="by file, the encoding or the sheet that it was read in")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("import_files", "Can import files")]
        constraints = [
            models.UniqueConstraint(name="one_import_runs", fields=["status"], condition=Q(status="running")),
        ]
        indexes = [  # the filters of the list
            models.Index(name="import_by_status", fields=["status", "id"]),
            models.Index(name="import_by_requester", fields=["requested_by", "id"]),
            models.Index(name="import_by_time", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return f"import {self.pk} ({self.status})"


class ImportReject(models.Model):
    """A rejected row: its line, the reasons and its text, to be mended and imported again."""

    class File(models.TextChoices):
        CUSTOMERS = "customers"
        PURCHASES = "purchases"

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rejects")
    file = models.CharField(max_length=16, choices=File.choices)
    line = models.PositiveIntegerField(help_text="of the file, the header being line 1")
    reasons = models.JSONField(help_text="[{field, code, message}]")
    raw = models.TextField(help_text="the row as it stands in the file")
    row = models.JSONField(help_text="the row by column")

    def __str__(self) -> str:
        return f"{self.file} line {self.line}"


class Delivery(models.Model):
    """A delivery of customers to the partner, in batches."""

    class Only(models.TextChoices):
        ALL = "all"
        CHANGED = "changed"

    class Status(models.TextChoices):
        PREPARING = "preparing", "preparing (batches are being snapshot)"
        SENDING = "sending", "sending"
        WAITING = "waiting", "waiting for the next attempt"
        DELIVERED = "delivered", "delivered"
        FAILED = "failed", "failed (needs a person)"

    ACTIVE = (Status.PREPARING, Status.SENDING, Status.WAITING)

    only = models.CharField(max_length=8, choices=Only.choices, default=Only.ALL)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PREPARING)
    requested_by = models.CharField(max_length=255, blank=True)
    prepared_through = models.CharField(max_length=64, blank=True, help_text="the last customer put into a batch")
    failed_rounds = models.PositiveIntegerField(
        default=0, help_text="rounds of attempts since the last acknowledgement"
    )
    next_attempt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
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
        return f"delivery {self.pk} ({self.status})"

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

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="batches", db_index=False)
    number = models.PositiveIntegerField()
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True)
    payload = models.BinaryField(null=True, help_text="dropped DELIVERY_RETENTION_DAYS after the acknowledgement")
    content_encoding = models.CharField(max_length=8, blank=True)
    customers = models.PositiveIntegerField(help_text="how many")
    customer_ids = models.JSONField(null=True, help_text="whose they are, in the payload's order; dropped with it")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "delivery batches"
        constraints = [
            models.UniqueConstraint(name="batch_number_in_delivery", fields=["delivery", "number"]),
            models.CheckConstraint(
                name="unacknowledged_batch_has_payload", condition=Q(status="acknowledged") | Q(payload__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of delivery {self.delivery_id}"


class DeliveryAttempt(models.Model):
    """One request to the partner: when, how long it took, and what came of it. Written before it is made."""

    batch = models.ForeignKey(DeliveryBatch, on_delete=models.CASCADE, related_name="+")
    request_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="sent as X-Request-ID")
    started_at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(null=True, help_text="until the answer or the failure; null: it was never finished")
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.TextField(blank=True, help_text="why it is no acknowledgement; empty where it is one")
    answer = models.TextField(blank=True, help_text="the first 500 bytes of the partner's answer")

    class Meta:
        indexes = [models.Index(name="attempt_by_time", fields=["started_at"])]

    def __str__(self) -> str:
        return f"attempt {self.pk} of {self.batch_id}"
