"""Pairs of files that were found in an inbox."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext


class Pickup(models.Model):
    """A pair of files in an inbox and how far it is. Each step is written down before it is made, so that any look goes on."""

    class Status(models.TextChoices):
        FOUND = "found", "found (waits until both files are there and whole)"
        IMPORTING = "importing", "being imported"
        MOVING = "moving", "being moved (its result is known)"
        SENDING = "sending", "to be sent (waits for the delivery under way to end)"
        DONE = "done", "imported"
        REPEATED = "repeated", "imported before"
        FAILED = "failed", "failed"

    inbox = models.TextField(help_text="the folder, or its URL")
    key = models.TextField(help_text="the name of both files, with * where they differ")
    customers_name = models.TextField(blank=True)
    purchases_name = models.TextField(blank=True)
    customers_bytes = models.PositiveBigIntegerField(default=0)
    purchases_bytes = models.PositiveBigIntegerField(default=0)
    versions = models.JSONField(default=dict, help_text="by name, the size and time at the last scan")
    still_since = models.DateTimeField(
        "unchanged since", default=timezone.now, help_text="since then, scans have seen no other versions"
    )
    customers_sha256 = models.CharField(max_length=64, blank=True)
    purchases_sha256 = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.FOUND)
    attempts = models.PositiveIntegerField(default=0, help_text="imports that were started")
    run = models.ForeignKey(
        "inflight.ImportRun", null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="import"
    )
    is_repeat = models.BooleanField("imported before", default=False, help_text="an earlier import had the same bytes")
    is_numbered = models.BooleanField(
        "files renamed", default=False, help_text="its number is put before the file names, which were already taken"
    )
    deliveries_before = models.PositiveBigIntegerField(default=0, help_text="the last delivery when the import ended")
    delivery = models.ForeignKey("inflight.Delivery", null=True, on_delete=models.SET_NULL, related_name="+")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_pickup_of_a_pair",
                fields=["inbox", "key"],
                condition=Q(status__in=["found", "importing"]),
            ),
        ]
        indexes = [
            models.Index(name="pickup_by_status", fields=["status", "id"]),
            models.Index(name="pickup_by_content", fields=["customers_sha256", "purchases_sha256"]),
            models.Index(name="pickup_by_time", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return gettext("pickup %(id)s (%(status)s)") % {"id": self.pk, "status": gettext(self.status)}

    @property
    def names(self) -> list[str]:
        """The names of the files there are: the customers' first."""
        return [name for name in (self.customers_name, self.purchases_name) if name]
