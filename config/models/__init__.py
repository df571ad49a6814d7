"""Models that belong to no app: of processes and requests, and of alerts."""

from config.models.alerts import Alert, AlertMessage
from config.models.processes import IdempotencyKey, WorkerHeartbeat

__all__ = ["Alert", "AlertMessage", "IdempotencyKey", "WorkerHeartbeat"]
