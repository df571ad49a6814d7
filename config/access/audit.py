"""Record who did what: one entry for each act that changes something, or reads personal data in bulk (docs/decisions/0074).

A service records what it does in the transaction that does it, so that there are both or neither. Where nobody acts, as in
the worker, nothing is recorded. Values of passengers, tokens and passwords do not belong here.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from auditlog.registry import auditlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model, QuerySet
from django.utils import timezone

from config.core.actors import current_actor
from config.models import AuditEntry

HIDDEN = "(hidden)"
DROP_BATCH = 2000
DROP_SECONDS = 240.0  # one task's share; the next task goes on


class Target(NamedTuple):
    """What an act is about: the type as in `inflight.delivery`, and the key of the row or file; no key for many."""

    type: str
    key: str = ""


def record(act: str, target: Model | Target | None = None, **details: Any) -> None:
    """Record an act of whoever is acting. `details` are fit for JSON, and few."""
    if actor := current_actor():
        AuditEntry.objects.of_actor(actor, act, *_target(target), details=details).save(force_insert=True)


def record_each(act: str, targets: Iterable[Model | Target | None], **details: Any) -> None:
    """Record an act on several rows, with an entry for each."""
    if actor := current_actor():
        AuditEntry.objects.bulk_create(
            [AuditEntry.objects.of_actor(actor, act, *_target(each), details=details) for each in targets]
        )


def withdraw(act: str, target: Model) -> None:
    """Forget an act of which nothing is left, since it could not be done."""
    type_, key = _target(target)
    AuditEntry.objects.filter(act=act, object_type=type_, object_key=key).delete()


@contextmanager
def recording(act: str, target: Target, **details: Any) -> Iterator[None]:
    """Record an act that no transaction holds, such as the deletion of a file: before it, and no longer if it fails."""
    actor = current_actor()
    entry = AuditEntry.objects.of_actor(actor, act, *target, details=details) if actor else None
    if entry:
        entry.save(force_insert=True)
    try:
        yield
    except BaseException:
        if entry:
            entry.delete()
        raise


def _target(about: Model | Target | None) -> Target:
    return Target(about._meta.label_lower, str(about.pk)) if isinstance(about, Model) else about or Target("")


# --- Rows that are changed field by field -----------------------------------------------------------------------------


def watch(
    model: type[Model], *, fields: Sequence[str], hidden: Sequence[str] = (), relations: Sequence[str] = ()
) -> None:
    """Have each change of a row recorded, with the values of `fields`; of those that are `hidden`, only that they changed."""
    auditlog.register(
        model,
        include_fields=[*fields, *hidden],
        mask_fields=list(hidden),
        mask_callable="config.access.audit.hide",
        m2m_fields=set(relations),
    )


def hide(_value: str) -> str:
    """Return what stands in place of a value."""
    return HIDDEN


# --- Logins -----------------------------------------------------------------------------------------------------------


def watch_logins() -> None:
    """Have logins, logouts and failed logins recorded."""
    user_logged_in.connect(_logged_in, dispatch_uid="audit")
    user_logged_out.connect(_logged_out, dispatch_uid="audit")
    user_login_failed.connect(_login_failed, dispatch_uid="audit")


def _logged_in(user: Model, **_: Any) -> None:
    record("login", user)


def _logged_out(user: Model | None, **_: Any) -> None:
    if user:
        record("logout", user)


def _login_failed(credentials: dict[str, Any], **_: Any) -> None:
    """Name the account only if there is one: what else was typed into that field may be a password."""
    model: Any = get_user_model()
    known = model.objects.filter(**{model.USERNAME_FIELD: str(credentials.get("username", ""))}).first()
    record("login_failed", known, account=known.get_username() if known else "unknown")


# --- Reading and forgetting -------------------------------------------------------------------------------------------


def entries_about(type_: str, key: str) -> QuerySet[AuditEntry]:
    """Return what was done with one row, the oldest first."""
    return AuditEntry.objects.filter(object_type=type_, object_key=key).order_by("pk")


def drop_old_entries(seconds: float = DROP_SECONDS) -> int:
    """Drop entries older than AUDIT_RETENTION_DAYS, a few at a time, for about `seconds`; return how many."""
    deadline, dropped = time.monotonic() + seconds, 0
    old = AuditEntry.objects.filter(at__lt=timezone.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS)).order_by(
        "at"
    )
    while time.monotonic() < deadline and (keys := list(old.values_list("pk", flat=True)[:DROP_BATCH])):
        dropped += AuditEntry.objects.filter(pk__in=keys).delete()[0]
    return dropped
