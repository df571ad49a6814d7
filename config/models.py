"""Worker heartbeats, answers kept for `Idempotency-Key`, alerts and the messages that tell somebody of them."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone


class WorkerHeartbeat(models.Model):
    """The last sign of life of a worker process."""

    name = models.CharField(max_length=255, primary_key=True, help_text="host:pid of the supervisor")
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """A POST that was sent with an Idempotency-Key: what it made and what was answered (config.api.idempotency)."""

    sub = models.CharField(max_length=255, blank=True, help_text="who asked: the token's subject; blank: no token")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="of method, path and body")
    resource: "models.JSONField[Any, Any]" = models.JSONField(
        null=True, help_text="the key of the row that was made, or a list of them"
    )
    status = models.PositiveSmallIntegerField(null=True, help_text="of the answer; null while there is none")
    headers: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="idempotency_key_of_sub", fields=["sub", "key"])]
        indexes = [models.Index(name="idempotency_key_by_time", fields=["created_at"])]

    def __str__(self) -> str:
        return self.key


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
        return self.title


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
        return f"message {self.pk} by {self.channel}"
