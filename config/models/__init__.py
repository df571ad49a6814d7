"""Models that belong to no app: of processes and requests, of alerts, and of throttling."""

from config.models.alerts import Alert, AlertMessage
from config.models.processes import IdempotencyKey, WorkerHeartbeat
from config.models.throttles import FailedAttempts, RequestQuota

__all__ = ["Alert", "AlertMessage", "FailedAttempts", "IdempotencyKey", "RequestQuota", "WorkerHeartbeat"]
