"""Alerts and the messages that tell somebody of them."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from config.core.kept_texts import translated


class Alert(models.Model):
    """Something that went wrong, or is wrong for a while. There is one row for each state, however often it is seen."""

    class Severity(models.TextChoices):
        ERROR = "error", "error (needs a person)"
        WARNING = "warning", "warning (may resolve by itself)"

    class Status(models.TextChoices):
        OPEN = "open", "open (not resolved)"
        ENDING = "ending", "ending (resolved if it stays so)"
        OVER = "over", "resolved"
        HAPPENED = "happened", "event (happened once)"

    class Notice(models.TextChoices):
        NONE = "", "none"
        BEGUN = "begun", "that it opened"
        RECOVERED = "recovered", "that it was resolved"

    CURRENT = (Status.OPEN, Status.ENDING)

    source = models.CharField(max_length=32, help_text="the part of the system that raised it")
    key = models.CharField(max_length=255, help_text="its subject, such as delivery-12")
    state = models.CharField(max_length=32, help_text="the condition, such as waiting")
    severity = models.CharField(max_length=8, choices=Severity.choices)
    title = models.CharField(max_length=255)
    detail = models.TextField(blank=True)
    recovery = models.CharField(max_length=255, blank=True, help_text="title of the message when it is resolved")
    path = models.CharField(max_length=255, help_text="path of the page to open")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    notice = models.CharField(
        max_length=9, choices=Notice.choices, default=Notice.BEGUN, blank=True, help_text="message still to be sent"
    )
    since = models.DateTimeField(help_text="when it began or happened")
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField("first messages at", null=True, help_text="when its first messages were created")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_alert_of_key", fields=["key"], condition=Q(status__in=["open", "ending"])
            ),
            models.UniqueConstraint(name="event_is_told_once", fields=["key", "state"], condition=Q(status="happened")),
        ]
        indexes = [
            models.Index(name="alert_to_tell", fields=["id"], condition=~Q(notice="")),
            models.Index(name="alert_by_time", fields=["ended_at"]),
        ]

    def __str__(self) -> str:
        return translated(self.title)


class AlertMessage(models.Model):
    """A message about alerts over one channel: the same content and the same key at each attempt."""

    class Channel(models.TextChoices):
        WEBHOOK = "webhook"
        EMAIL = "email"

    class Status(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"

    channel = models.CharField(max_length=8, choices=Channel.choices)
    alerts: "models.ManyToManyField[Alert, Any]" = models.ManyToManyField(Alert, related_name="messages", blank=True)
    content: "models.JSONField[Any, Any]" = models.JSONField(help_text="what is sent as `alert`")
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(name="alert_message_due", fields=["id"], condition=Q(status="pending")),
            models.Index(name="alert_message_by_time", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return gettext("message %(id)s by %(channel)s") % {"id": self.pk, "channel": self.channel}
