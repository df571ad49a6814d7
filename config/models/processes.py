"""Worker heartbeats, and answers kept for `Idempotency-Key`."""

from typing import Any

from django.db import models
from django.utils import timezone


class WorkerHeartbeat(models.Model):
    """The last sign of life of a worker process."""

    name = models.CharField(max_length=255, primary_key=True, help_text="host:pid of the supervisor")
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField("last heartbeat at")

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """A POST that was sent with an Idempotency-Key: what it made and what was answered (config.api.idempotency)."""

    sub = models.CharField(max_length=255, blank=True, help_text="requester: the token's subject; blank: no token")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="hash of method, path and body")
    resource: "models.JSONField[Any, Any]" = models.JSONField(
        null=True, help_text="primary key of the created row, or a list of them"
    )
    status = models.PositiveSmallIntegerField(null=True, help_text="status of the answer; null while there is none")
    headers: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="idempotency_key_of_sub", fields=["sub", "key"])]
        indexes = [models.Index(name="idempotency_key_by_time", fields=["created_at"])]

    def __str__(self) -> str:
        return self.key
