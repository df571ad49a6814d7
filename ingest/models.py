"""Entries, and when each was published to Kafka: the table is its own outbox."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext

from config.core.telemetry.tracing import TRACEPARENT_LENGTH

WAITING = Q(published_at=None, refusal="")
REFUSED = Q(published_at=None) & ~Q(refusal="")


class DataEntry(models.Model):
    """One record. It waits until Kafka has acknowledged it (`published_at`) or refused it for good (`refusal`)."""

    content: "models.JSONField[Any, Any]" = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    claimed_until = models.DateTimeField(
        default=timezone.now,
        db_default=Now(),
        help_text="until then the entry belongs to one publisher",
    )
    published_at = models.DateTimeField(null=True, blank=True, help_text="when Kafka had acknowledged it")
    traceparent = models.CharField(
        max_length=TRACEPARENT_LENGTH, null=True, blank=True, help_text="trace context of the sender, if there was one"
    )
    key = models.TextField(null=True, blank=True, help_text="key of the Kafka record, if one was given")
    headers: "models.JSONField[Any, Any]" = models.JSONField(
        null=True, blank=True, help_text="headers of the Kafka record, as given"
    )
    refusal = models.TextField(blank=True, default="", db_default="", help_text="why Kafka refused it for good")

    class Meta:
        db_table = "data_entries"
        verbose_name_plural = "data entries"
        permissions = [("publish_entries", "Can have refused entries published again")]
        indexes = [
            models.Index(name="data_entries_waiting", fields=["id"], condition=WAITING),
            models.Index(name="data_entries_refused", fields=["id"], condition=REFUSED),
        ]

    def __str__(self) -> str:
        return gettext("entry %(id)s") % {"id": self.pk}


class KafkaFailure(models.Model):
    """A reason for which Kafka did not take entries, and when it last was one: written by any process, told by all."""

    sentence = models.CharField("reason", max_length=200, primary_key=True)
    happened_at = models.DateTimeField(default=timezone.now, help_text="time of the last failure")

    class Meta:
        verbose_name = "Kafka failure"

    def __str__(self) -> str:
        return gettext(self.sentence)
