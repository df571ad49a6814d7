"""Locks across all processes and machines that share the database, released by the death of their holder.

On PostgreSQL a session's advisory lock: it lives and dies with the very connection that does the writing. On SQLite, where
all processes share one machine, a lock on a file beside the database. Neither needs a clock or a lease to expire.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection


@contextmanager
def exclusive(name: str) -> Iterator[bool]:
    """Try to take the lock `name`, without waiting; yield whether it was taken."""
    with _advisory_lock(name) if connection.vendor == "postgresql" else _file_lock(name) as taken:
        yield taken


@contextmanager
def _advisory_lock(name: str) -> Iterator[bool]:
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
                with session.cursor() as cursor:
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
        else:
            yield True
