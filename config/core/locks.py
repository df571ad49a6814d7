"""Locks shared by all processes and machines on one database, released when their holder dies.

On PostgreSQL a session's advisory lock: it lives and dies with the very connection that does the writing. On SQLite, where
all processes share one machine, a lock on a file beside the database. Neither needs a clock or a lease to expire.
"""

import fcntl
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import OperationalError, connection

from config.core.postgresql.sessions import require_sessions

POLL_SECONDS = 0.05


@contextmanager
def exclusive(name: str, *, wait_seconds: float = 0.0) -> Iterator[bool]:
    """Try to take the lock `name`, for at most `wait_seconds`; yield whether it was taken."""
    take = _advisory_lock if connection.vendor == "postgresql" else _file_lock
    deadline = time.monotonic() + wait_seconds
    while True:
        with take(name) as taken:
            if taken or time.monotonic() >= deadline:
                yield taken
                return
        time.sleep(POLL_SECONDS)


class WouldWaitError(Exception):
    """Another one writes to the SQLite database at the moment."""


@contextmanager
def without_waiting() -> Iterator[None]:
    """Within the block, what would wait for another writer raises WouldWaitError: on SQLite an import may keep it for long.

    On PostgreSQL nobody waits for writers of other rows; in a transaction one writes already. Nothing is different there.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        except OperationalError as error:
            if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise WouldWaitError from error
            raise
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")


@contextmanager
def _advisory_lock(name: str) -> Iterator[bool]:
    require_sessions()
    key = int.from_bytes(hashlib.sha256(f"apron:{name}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        taken = bool(cursor.fetchone()[0])
    session = connection.connection
    try:
        yield taken
    finally:
        if taken:
            try:
                with connection.wrap_database_errors, session.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
            except Exception:
                session.close()  # a session that cannot unlock must not go back to the pool with the lock
                raise


@contextmanager
def _file_lock(name: str) -> Iterator[bool]:
    path = Path(f"{connection.settings_dict['NAME']}.{name}.lock")
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        if not _is_at(file.fileno(), path):  # its last holder removed it: there may be another one by now
            yield False
            return
        try:
            yield True
        finally:
            path.unlink(missing_ok=True)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
