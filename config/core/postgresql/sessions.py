"""Whether a connection keeps its session from one transaction to the next, which a pooler by transaction takes away.

Locks, and the temporary tables of imports, live in sessions (docs/decisions/0082).
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from django.db import connection

LOOKS = 5
PATIENCE_SECONDS = 10.0
MEND = (
    "Give it the server's own port, or a pooler's with pool_mode=session: on Azure 5432 in place of 6432, "
    "on Supabase 5432 in place of 6543."
)

_are_kept = threading.Event()


class SessionsLost(Exception):  # noqa: N818 - what has happened
    """DATABASE_URL leads to a pooler by transaction."""

    def __init__(self) -> None:
        super().__init__(f"DATABASE_URL leads to a pooler that pools by transaction, where no lock holds. {MEND}")


def require_sessions() -> None:
    """Raise SessionsLost where sessions are not kept. It is looked at once, when the database first answers."""
    if _are_kept.is_set():
        return
    kept = are_kept(connection.get_connection_params())
    if kept is False:
        raise SessionsLost
    if kept:
        _are_kept.set()


def are_kept(parameters: dict[str, Any]) -> bool | None:
    """Return whether sessions are kept; None where the database does not answer.

    Who pools by transaction gives the server's process that answered one of us to the next who asks, while a
    pooler by session, as the server itself, leaves it to its client for as long as that is there.
    """
    from psycopg import Connection, OperationalError  # noqa: PLC0415 - not for those on SQLite
    from psycopg.errors import ProtocolViolation  # noqa: PLC0415

    try:
        with contextlib.ExitStack() as stack:
            sessions = [Connection[Any].connect(**parameters, autocommit=True) for _ in range(2)]
            for session in sessions:
                stack.callback(session.close)
            stack.enter_context(_patience(*sessions))
            return all(_each_has_its_own(*sessions) for _ in range(LOOKS))
    except ProtocolViolation:  # it pools by statement, and knows no transactions
        return False
    except OperationalError:
        return None


def _each_has_its_own(one: Any, other: Any) -> bool:
    mine = _server_process(one)
    if _server_process(one) != mine:  # it takes turns: with two of them each of us would always get the same one
        return False
    with other.transaction():  # it holds whichever it gets
        if _server_process(other) == mine:
            return False
    return bool(_server_process(one) == mine)


def _server_process(session: Any) -> int:
    return int(session.execute("SELECT pg_backend_pid() AS pid").fetchone()[0])


@contextlib.contextmanager
def _patience(*sessions: Any) -> Iterator[None]:
    """Break off connections that are left waiting, as by a pooler that has none to give."""

    def break_off() -> None:
        for session in sessions:
            with (
                contextlib.suppress(OSError),
                socket.fromfd(session.fileno(), socket.AF_INET, socket.SOCK_STREAM) as end,
            ):
                end.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(PATIENCE_SECONDS, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
