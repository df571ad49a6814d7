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
        WARNING = "warning", "warning (may go on by itself)"

    class Status(models.TextChoices):
        OPEN = "open", "open (it is so now)"
        ENDING = "ending", "ending (over, if it stays so)"
        OVER = "over", "over"
        HAPPENED = "happened", "happened (once, and has no end)"

    class Notice(models.TextChoices):
        NONE = "", "nothing"
        BEGUN = "begun", "that it is so"
        RECOVERED = "recovered", "that it is over"

    CURRENT = (Status.OPEN, Status.ENDING)

    source = models.CharField(max_length=32, help_text="who noticed it")
    key = models.CharField(max_length=255, help_text="what it is about, such as delivery-12")
    state = models.CharField(max_length=32, help_text="what it is like, such as waiting")
    severity = models.CharField(max_length=8, choices=Severity.choices)
    title = models.CharField(max_length=255)
    detail = models.TextField(blank=True)
    recovery = models.CharField(max_length=255, blank=True, help_text="what to say when it is over")
    path = models.CharField(max_length=255, help_text="of the page to open")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    notice = models.CharField(
        max_length=9, choices=Notice.choices, default=Notice.BEGUN, blank=True, help_text="what is still to be told"
    )
    since = models.DateTimeField(help_text="when it began or happened")
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="when the first messages of it were written")

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
