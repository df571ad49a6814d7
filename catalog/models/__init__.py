"""Products, their current offers, and every change of price or stock.

A product's registration with the offers service is a state on its row; the queue only says "look now".
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from catalog.models.imports import ProductImport, ProductReject
from catalog.models.sku import LONGEST, validate_sku
from config.core.telemetry.tracing import TRACEPARENT_LENGTH

__all__ = ["Offer", "OfferChange", "Product", "ProductImport", "ProductReject", "RefreshRun", "ServiceToken"]


class Product(models.Model):
    """A product that shops sell."""

    class Registration(models.TextChoices):
        PENDING = "pending"
        REGISTERED = "registered"
        FAILED = "failed", "failed (needs a person)"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    sku = models.CharField(
        max_length=LONGEST,
        null=True,
        blank=True,
        validators=[validate_sku],
        help_text="EAN-8, EAN-13 or UPC, by which purchases on board refer to the product; unique",
    )
    category = models.CharField(max_length=200, blank=True, default="", db_default="")
    registration = models.CharField(max_length=16, choices=Registration.choices, default=Registration.PENDING)
    registration_error = models.TextField(blank=True, help_text="response of the offers service to the last attempt")
    traceparent = models.CharField(
        max_length=TRACEPARENT_LENGTH, blank=True, default="", db_default="", help_text="trace context of the request"
    )
    registration_attempts = models.PositiveIntegerField(default=0, help_text="since registration was last requested")
    next_registration_at = models.DateTimeField(default=timezone.now)
    offers_observed_at = models.DateTimeField(null=True, help_text="when the offers service last returned its offers")
    offers_error = models.TextField(
        blank=True, default="", db_default="", help_text="why the last refresh could not get its offers"
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        permissions = [("register_products", "Can have registrations tried again")]
        constraints = [
            models.CheckConstraint(name="product_has_name", condition=~Q(name="")),
            models.UniqueConstraint(
                name="product_by_sku", fields=["sku"], violation_error_message="This is another product's sku."
            ),
        ]
        indexes = [
            models.Index(name="product_by_name", fields=["name", "id"]),
            models.Index(
                name="product_to_register", fields=["next_registration_at"], condition=Q(registration="pending")
            ),
            models.Index(name="product_by_registration", fields=["registration", "id"]),
            models.Index(name="product_by_category", fields=["category", "id"]),
        ]

    def __str__(self) -> str:
        return self.name


class Offer(models.Model):
    """What one shop asks for a product, as last observed; the product's `offers_observed_at` says when that was."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="offers", db_index=False)
    offer_id = models.CharField(max_length=255, help_text="the offers service's id")
    price = models.PositiveBigIntegerField(help_text="as the offers service gives it")
    items_in_stock = models.PositiveBigIntegerField()
    gone_at = models.DateTimeField(null=True, help_text="since when the offers service no longer returns it")

    class Meta:
        constraints = [models.UniqueConstraint(name="offer_id_in_product", fields=["product", "offer_id"])]

    def __str__(self) -> str:
        return self.offer_id


class OfferChange(models.Model):
    """One change of an offer: its price and stock from `observed_at` on; both null from when it was gone."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="changes", db_index=False)
    observed_at = models.DateTimeField()
    price = models.PositiveBigIntegerField(null=True)
    items_in_stock = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = [
            # Its index is the one the trend reads by.
            models.UniqueConstraint(name="change_of_offer_at", fields=["offer", "observed_at"]),
            models.CheckConstraint(
                name="change_is_price_and_stock",
                condition=Q(price__isnull=True, items_in_stock__isnull=True)
                | Q(price__isnull=False, items_in_stock__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        if self.price is None:
            return gettext("no longer offered")
        return gettext("%(price)s (%(stock)s in stock)") % {"price": self.price, "stock": self.items_in_stock}


class RefreshRun(models.Model):
    """A refresh of all products: its counts and its result."""

    class Status(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        STOPPED = "stopped", "stopped (the offers service is down or refuses us)"
        FAILED = "failed", "failed (internal error)"
        INTERRUPTED = "interrupted", "interrupted (its process died)"

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    products = models.PositiveIntegerField(default=0, help_text="whose offers were requested")
    offers_new = models.PositiveIntegerField("new offers", default=0)
    offers_changed = models.PositiveIntegerField("changed offers", default=0)
    offers_gone = models.PositiveIntegerField("gone offers", default=0)
    failures = models.PositiveIntegerField(default=0, help_text="products whose offers could not be fetched")
    first_failures = models.JSONField(default=list, help_text="[{product, reason}] of the first failures")
    error = models.TextField(blank=True, help_text="why the run did not complete")

    class Meta:
        permissions = [("refresh_offers", "Can have all offers refreshed now")]
        constraints = [
            models.UniqueConstraint(name="one_refresh_runs", fields=["status"], condition=Q(status="running")),
        ]

    def __str__(self) -> str:
        return gettext("refresh %(id)s (%(status)s)") % {"id": self.pk, "status": gettext(self.status)}


class ServiceToken(models.Model):
    """The access token that an offers service gave us. All registered products are tied to it."""

    base_url = models.CharField(max_length=500, unique=True, help_text="whose token it is; no other service gets it")
    token = models.TextField(blank=True)
    obtained_at = models.DateTimeField(null=True)
    ask_again_at = models.DateTimeField(
        "next request at", null=True, help_text="after a refusal, no new token is requested before this time"
    )

    def __str__(self) -> str:
        return self.base_url
