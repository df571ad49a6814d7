"""Whose turn it is to look into an inbox, and what was picked up from one before."""

import hashlib
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager

from django.conf import settings

from compute.files.locations import is_url
from config.core.locks import exclusive
from inflight.imports.inbox import Inbox
from inflight.models import ImportRun, Pickup

DONE_FOLDER, FAILED_FOLDER = "done", "failed"
BEGUN = (Pickup.Status.IMPORTING, Pickup.Status.MOVING)
SHOWN = 5  # names in an error
IMPORTED = (ImportRun.Status.COMPLETED, ImportRun.Status.COMPLETED_WITH_REJECTS)


def absolute(place: str) -> str:
    """Return the inbox as rows and locks name it."""
    return place if is_url(place) else os.path.realpath(place)


def looking_into(place: str, *, wait_seconds: float) -> AbstractContextManager[bool]:
    """Be the one who looks into an inbox; yields whether nobody else does."""
    name = hashlib.sha256(absolute(place).encode()).hexdigest()[:16]
    return exclusive(f"pickup-{name}", wait_seconds=wait_seconds)


def inboxes_in_use() -> list[str]:
    """Return IMPORT_INBOX, and the others of which a look has begun something that it has not ended."""
    begun = Pickup.objects.filter(status__in=BEGUN).values_list("inbox", flat=True).distinct()
    return sorted({*begun, *([absolute(settings.IMPORT_INBOX)] if settings.IMPORT_INBOX else [])})


class NotImported(Exception):  # noqa: N818 - it says what the files are
    """Files of the inbox that nothing was imported of."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(sorted(names)[:SHOWN]))


def drop_picked_up() -> int:
    """Delete what lies in done/ of IMPORT_INBOX, and what is yet to be moved there; return how many files.

    Raises InboxUnavailable, and NotImported where there are files that nothing was imported of: they would be lost. The
    caller has the turn to look into it.
    """
    if not settings.IMPORT_INBOX:
        return 0
    moving = Pickup.objects.filter(inbox=absolute(settings.IMPORT_INBOX), status=Pickup.Status.MOVING)
    with Inbox(settings.IMPORT_INBOX) as inbox:
        failed = [name for pickup in moving.exclude(error="") for name in pickup.names]
        if failed := [*inbox.names(FAILED_FOLDER), *failed]:
            raise NotImported(failed)
        left = sum(inbox.delete(name, pickup.versions[name]) for pickup in moving for name in pickup.names)
        return left + inbox.empty(DONE_FOLDER)


def run_of_same_bytes(pickup: Pickup) -> ImportRun | None:
    """Return the run that imported the same bytes before. One that could take no row is none: it may be able to by now."""
    same = Pickup.objects.exclude(pk=pickup.pk).exclude(status=Pickup.Status.FAILED)
    same = same.filter(
        customers_sha256=pickup.customers_sha256, purchases_sha256=pickup.purchases_sha256, run__status__in=IMPORTED
    )
    earlier = same.select_related("run").order_by("id").first()
    return earlier.run if earlier else None


def forget_contents() -> None:
    """Have no pair count as imported before: an import of the same bytes would take other rows now."""
    Pickup.objects.exclude(customers_sha256="").update(customers_sha256="", purchases_sha256="")


def has_changed(run: ImportRun | None) -> bool:
    """Return whether an import made or changed something."""
    return any(each.get(what) for each in _counts(run) for what in ("inserted", "updated"))


def nothing_taken(run: ImportRun) -> str:
    """Return why nothing was imported of files that could be read; empty where something was."""
    counts = _counts(run)
    rows, rejected = (sum(each.get(what, 0) for each in counts) for what in ("read", "rejected"))
    is_nothing = run.status == ImportRun.Status.COMPLETED_WITH_REJECTS and rows == rejected
    return "Every row was rejected; the rejects say why." if is_nothing else ""


def _counts(run: ImportRun | None) -> list[dict[str, int]]:
    return [(run and getattr(run, kind)) or {} for kind in ("customers", "purchases")]
