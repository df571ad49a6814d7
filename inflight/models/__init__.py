"""Customers and purchases, imports and their rejects, deliveries and their batches.

What happens to them is a row with a state; the queue only says "look now".
"""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext

from config.api.imports.models import ImportRejectBase, ImportRunBase
from inflight.models.deliveries import Delivery, DeliveryAttempt, DeliveryBatch
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

    changed_at = models.DateTimeField(db_default=Now(), help_text="when an import last created or changed it")

    class Meta:
        permissions = [
            ("export_customer", "Can export all that is kept of a customer"),
            ("erase_customer", "Can erase all that is kept of a customer"),
        ]
        constraints = [
            models.CheckConstraint(name="customer_has_id", condition=~Q(customer_id="")),
            models.CheckConstraint(name="customer_title_known", condition=Q(title__in=["", "1", "2"])),
        ]
        indexes = [models.Index(name="customer_needs_sending", fields=["customer_id"], condition=Q(needs_sending=True))]

    def __str__(self) -> str:
        return " ".join(part for part in (self.customer_id, self.first_name, self.last_name) if part)


SHORTEST_SKU = 8  # characters: an EAN-8
MAY_BE_SKU = Q(GreaterThanOrEqual(Length("product_id"), SHORTEST_SKU))


class Purchase(models.Model):
    """One line of what a customer bought on board. The sale stays when the customer is erased, without the link."""

    purchase_identifier = KeyField(max_length=64, primary_key=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, related_name="purchases", db_index=False
    )
    product_id = models.CharField(max_length=64)
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=15, decimal_places=4, help_text="per unit")
    currency = models.CharField(max_length=3, help_text="ISO 4217")
    purchased_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="purchase_has_identifier", condition=~Q(purchase_identifier="")),
            models.CheckConstraint(name="purchase_quantity_positive", condition=Q(quantity__gte=1)),
            models.CheckConstraint(name="purchase_price_not_negative", condition=Q(price__gte=0)),
        ]
        indexes = [
            models.Index(name="purchase_customer", fields=["customer"]),
            # Of what a product of the catalogue can be: other numbers on board shall not cost an import anything.
            models.Index(name="purchase_by_sku", fields=["product_id", "purchased_on"], condition=MAY_BE_SKU),
        ]

    def __str__(self) -> str:
        return self.purchase_identifier


class ImportRun(ImportRunBase):
    """One import of a customers file and a purchases file."""

    PATHS = ("customers_file_path", "purchased_file_path")

    customers_file_path = models.TextField()
    purchased_file_path = models.TextField("purchases file path")
    customers = models.JSONField(null=True, help_text="counts: read, inserted, updated, unchanged, rejected, skipped")
    purchases = models.JSONField(null=True, help_text="counts, as for customers")

    class Meta:
        verbose_name = "import"
        permissions = [("import_files", "Can import files")]
        constraints = [
            models.UniqueConstraint(name="one_import_runs", fields=["status"], condition=Q(status="running")),
        ]
        indexes = [  # the filters of the list
            models.Index(name="import_by_status", fields=["status", "id"]),
            models.Index(name="import_by_requester", fields=["requested_by", "id"]),
            models.Index(name="import_by_time", fields=["created_at"]),
        ]


class ImportReject(ImportRejectBase):
    """A rejected row of one of the two files."""

    class File(models.TextChoices):
        CUSTOMERS = "customers"
        PURCHASES = "purchases"

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rejects", verbose_name="import")
    file = models.CharField(max_length=16, choices=File.choices)

    class Meta:
        verbose_name = "rejected row"


class Erasure(models.Model):
    """A record that a person was erased: when, who asked, and of what how much. It does not say who the person was."""

    digest = models.CharField(
        max_length=64,
        blank=True,
        help_text="keyed hash of the id, which imports then refuse; blank: imports accept it again",
    )
    requested_by = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    erased = models.JSONField(help_text="counts of what was erased, by kind")

    class Meta:
        indexes = [models.Index(name="erasure_by_digest", fields=["digest"], condition=~Q(digest=""))]

    def __str__(self) -> str:
        return gettext("erasure %(id)s") % {"id": self.pk}
