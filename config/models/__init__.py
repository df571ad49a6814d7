"""Models that belong to no app: of processes and requests, of alerts, of API clients, of throttling, and the audit."""

from config.models.alerts import Alert, AlertMessage
from config.models.audit import AuditEntry
from config.models.clients import ApiClient, ApiKey
from config.models.processes import IdempotencyKey, WorkerHeartbeat
from config.models.saved_filters import SavedFilter
from config.models.throttles import FailedAttempts, RequestQuota

__all__ = [
    "Alert", "AlertMessage", "ApiClient", "ApiKey", "AuditEntry", "FailedAttempts", "IdempotencyKey", "RequestQuota",
    "SavedFilter", "WorkerHeartbeat",
]  # fmt: skip
