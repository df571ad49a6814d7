"""How many requests a minute an API client may send, for all web processes together."""

import threading
import time
from dataclasses import dataclass, field

from django.db import connection

from config.core.locks import WouldWaitError, without_waiting
from config.models import RequestQuota

WINDOW_SECONDS = 60
LEASES_OF_A_WINDOW = 20
MOST_LEASES = 4096  # that a process keeps
KEPT_SECONDS = 24 * 3600.0
DROPPED_AT_ONCE = 1000


@dataclass
class _Lease:
    """What this process may let through until the minute ends."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    left: int = 0
    taken: int = 0  # by all processes, as this one knows it
    ends_at: float = 0.0  # by time.monotonic()


_leases: dict[str, _Lease] = {}
_leases_lock = threading.Lock()
_NOW = {
    "postgresql": "EXTRACT(EPOCH FROM statement_timestamp())",
    "sqlite": "((julianday('now') - 2440587.5) * 86400)",
}
_TAKE = """
    INSERT INTO config_requestquota AS quota (key, taken, ends_at) VALUES (%(key)s, %(number)s, {now} + %(window)s)
    ON CONFLICT (key) DO UPDATE SET
        taken = CASE WHEN quota.ends_at <= {now} THEN 0 ELSE quota.taken END + %(number)s,
        ends_at = CASE WHEN quota.ends_at <= {now} THEN {now} + %(window)s ELSE quota.ends_at END
    RETURNING taken, ends_at - {now}"""


def take_request(key: str, per_minute: int) -> float:
    """Return 0 if a request of `key` may go on, else the seconds until it may be tried again (for Retry-After).

    A minute begins with its first request. Of what it has, each web process takes a twentieth at a time, with one statement:
    all of them together never let more through. What is left of a lease lapses with its minute.
    """
    lease = _leases.get(key) or _new_lease(key)
    with lease.lock:
        now = time.monotonic()
        if now >= lease.ends_at or not (lease.left or lease.taken >= per_minute):
            _renew(lease, key, per_minute, now)
        if lease.left:
            lease.left -= 1
            return 0
        return max(lease.ends_at - now, 0.001)


def _new_lease(key: str) -> _Lease:
    with _leases_lock:
        if len(_leases) >= MOST_LEASES:
            del _leases[next(iter(_leases))]
        return _leases.setdefault(key, _Lease())


def _renew(lease: _Lease, key: str, per_minute: int, now: float) -> None:
    number = max(1, per_minute // LEASES_OF_A_WINDOW)
    try:
        with without_waiting(), connection.cursor() as cursor:
            statement = _TAKE.format(now=_NOW[connection.vendor])
            cursor.execute(statement, {"key": key, "number": number, "window": WINDOW_SECONDS})
            taken, seconds = cursor.fetchone()
    except WouldWaitError:
        # An import has SQLite to itself: the client goes on at its pace, uncounted, and nobody waits.
        lease.left, lease.taken, lease.ends_at = max(1, per_minute // WINDOW_SECONDS), per_minute, now + 1
        return
    lease.left = max(0, number - max(0, taken - per_minute))
    lease.taken = taken
    lease.ends_at = now + float(seconds)


def drop_old_quotas() -> None:
    """Drop the counts of clients that have sent nothing for a day, in steps that keep nobody waiting."""
    old = RequestQuota.objects.filter(ends_at__lt=time.time() - KEPT_SECONDS)
    while keys := list(old.values_list("pk", flat=True)[:DROPPED_AT_ONCE]):
        old.filter(pk__in=keys).delete()
