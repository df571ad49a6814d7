"""Whose turn it is to look into an inbox, and what was picked up from one before."""

import hashlib
import os
from contextlib import AbstractContextManager

from django.conf import settings

from compute.files.locations import is_url
from config.core.locks import exclusive
from inflight.imports.inbox import Inbox
from inflight.models import ImportRun, Pickup

DONE_FOLDER, FAILED_FOLDER = "done", "failed"
IMPORTED = (ImportRun.Status.COMPLETED, ImportRun.Status.COMPLETED_WITH_REJECTS)


def absolute(place: str) -> str:
    """Return the inbox as rows and locks name it."""
    return place if is_url(place) else os.path.realpath(place)


def looking_into(place: str, *, wait_seconds: float) -> AbstractContextManager[bool]:
    """Be the one who looks into an inbox; yields whether nobody else does."""
    name = hashlib.sha256(absolute(place).encode()).hexdigest()[:16]
    return exclusive(f"pickup-{name}", wait_seconds=wait_seconds)


def drop_picked_up() -> int:
    """Delete what lies in done/ and failed/ of IMPORT_INBOX; return how many files. Raises InboxUnavailable."""
    if not settings.IMPORT_INBOX:
        return 0
    with Inbox(settings.IMPORT_INBOX) as inbox:
        return sum(inbox.empty(folder) for folder in (DONE_FOLDER, FAILED_FOLDER))


def run_of_same_bytes(pickup: Pickup) -> ImportRun | None:
    """Return the run that imported the same bytes before."""
    same = Pickup.objects.exclude(pk=pickup.pk).filter(
        customers_sha256=pickup.customers_sha256, purchases_sha256=pickup.purchases_sha256, run__status__in=IMPORTED
    )
    earlier = same.select_related("run").order_by("id").first()
    return earlier.run if earlier else None
