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
        help_text="until then one publisher has it and the others leave it alone",
    )
    published_at = models.DateTimeField(null=True, blank=True, help_text="when Kafka had acknowledged it")
    traceparent = models.CharField(
        max_length=TRACEPARENT_LENGTH, null=True, blank=True, help_text="the trace of who sent it; null costs no byte"
    )
    key = models.TextField(null=True, blank=True, help_text="of the record, where one was given; null costs no byte")
    headers: "models.JSONField[Any, Any]" = models.JSONField(null=True, blank=True, help_text="of the record, as given")
    refusal = models.TextField(blank=True, default="", db_default="", help_text="why Kafka will never take it")

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

    sentence = models.CharField(max_length=200, primary_key=True)
    happened_at = models.DateTimeField(default=timezone.now, help_text="when it last did")

    def __str__(self) -> str:
        return gettext(self.sentence)
