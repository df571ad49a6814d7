"""What the tests of the audit ask."""

from typing import Any

from compute.jobs import services
from compute.models import Job
from config.models import AuditEntry

ADDRESS, REQUEST_ID = "192.0.2.77", "audit-request-0001"  # of who acts in these tests


def entries(**lookups: Any) -> list[tuple[str, ...]]:
    """Return who did what, from where, by which request, on what."""
    names = ("actor_type", "actor", "address", "request_id", "act", "object_type", "object_key")
    return list(AuditEntry.objects.filter(**lookups).order_by("pk").values_list(*names))


def acts() -> list[str]:
    """Return what was done."""
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def job(status: str = "queued", **values: Any) -> Job:
    """Return a job that nobody has recorded."""
    asked = services.Request("stats", {"columns": ["a"], "by": []}, "table.csv", "ana")
    made = services.submit_job(asked, fresh=True)
    Job.objects.filter(pk=made.pk).update(status=status, **values)
    return made
