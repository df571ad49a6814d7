"""Metadata records, which never change once registered, and their history."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from uuid_utils.compat import uuid7


class Metadata(models.Model):
    """One record. Deleting it leaves a tombstone for a while, from which it can be restored."""

    # Version 7 begins with the time: ids sort as they were registered, and new ones go to the end of the index.
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    registered_on = models.DateTimeField(default=timezone.now, editable=False)
    name = models.CharField(max_length=255, help_text="names may repeat")
    payload = models.TextField(help_text="JSON text, stored byte for byte as it was given")
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "metadata"
        permissions = [("restore_metadata", "Can restore deleted metadata")]
        indexes = [
            models.Index(name="metadata_live_by_name", fields=["name", "id"], condition=Q(deleted_at=None)),
            models.Index(  # on PostgreSQL by the bytes: so it finds the beginnings of names
                name="metadata_live_by_prefix",
                fields=["name"],
                opclasses=["varchar_pattern_ops"],
                condition=Q(deleted_at=None),
            ),
            models.Index(name="metadata_deleted", fields=["deleted_at"], condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class MetadataEvent(models.Model):
    """An event of a record's history: what, when and by whom. Dropped with its record."""

    class Action(models.TextChoices):
        CREATED = "created"
        DELETED = "deleted"
        RESTORED = "restored"

    metadata = models.ForeignKey(Metadata, on_delete=models.CASCADE, related_name="events", db_index=False)
    action = models.CharField(max_length=8, choices=Action.choices)
    by = models.CharField(
        max_length=255, blank=True, help_text="the token's subject, an admin's login; blank: no token"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(name="metadata_history", fields=["metadata", "id"])]

    def __str__(self) -> str:
        by = self.by or gettext("a caller without a token")
        return gettext("%(action)s by %(by)s") % {"action": gettext(self.action), "by": by}
