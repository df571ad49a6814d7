"""How a job's news travels between processes in milliseconds: PostgreSQL's LISTEN/NOTIFY, and on SQLite, where all processes
share one machine, asking every now and then whether anybody has written: microseconds, where the query that follows costs a
hundred times as much. News is only ever a reason to look; whoever misses it looks a bit later.
"""

import select
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from django.db import connection

QUEUED = "compute_queued"
SETTLED = "compute_settled"
POLL_SECONDS = 0.004  # at 30 microseconds a look, less than a hundredth of a core; each job waits for two


def notify(channel: str) -> None:
    """Wake whoever listens; within a transaction, with its commit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [channel])


class Listener:
    """Wait for notifications of a channel on this thread's database connection, outside any transaction."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._version = 0

    def __enter__(self) -> Self:
        self._execute("LISTEN")
        self._anybody_has_written()
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
        if connection.vendor == "sqlite":
            self._poll(seconds, list(others))
            return
        session: Any = connection.connection
        if not list(session.notifies(timeout=0)):
            select.select([session, *others], [], [], seconds)

    def _poll(self, seconds: float, others: list[Any]) -> None:
        end = time.monotonic() + seconds
        while not self._anybody_has_written() and (left := end - time.monotonic()) > 0:
            if select.select(others, [], [], min(left, POLL_SECONDS))[0]:
                return

    def _anybody_has_written(self) -> bool:
        """Return whether another connection has written to the SQLite database since this was last asked."""
        if connection.vendor != "sqlite":
            return False
        before = self._version
        with connection.cursor() as cursor:
            self._version = cursor.execute("PRAGMA data_version").fetchone()[0]
        return self._version != before

    def _execute(self, verb: str) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"{verb} {self._channel}")
