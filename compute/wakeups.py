"""How a job's news travels between processes in milliseconds: PostgreSQL's LISTEN/NOTIFY, and on SQLite, where all processes
share one machine, looking at the row again shortly. News is only ever a reason to look; whoever misses it looks a bit later.
"""

import select
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from django.db import connection

QUEUED = "compute_queued"
SETTLED = "compute_settled"
POLL_SECONDS = 0.015


def announce(channel: str) -> None:
    """Wake whoever listens; within a transaction, with its commit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [channel])


class Listener:
    """Waits for news of a channel on this thread's database connection, outside any transaction."""

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def __enter__(self) -> Self:
        self._execute("LISTEN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._execute("UNLISTEN")
        else:
            connection.close()  # a connection in doubt must not go back to the pool listening

    def wait(self, seconds: float, others: Iterable[Any] = ()) -> None:
        """Return when there is news, when one of `others` (things with a fileno) can be read, or after `seconds`."""
        if connection.vendor != "postgresql":
            select.select(list(others), [], [], min(seconds, POLL_SECONDS))
            return
        session: Any = connection.connection
        if not list(session.notifies(timeout=0)):
            select.select([session, *others], [], [], seconds)

    def _execute(self, verb: str) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"{verb} {self._channel}")
