"""Another process's view of the database, without the process: a thread with a connection of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from config.common.locks import exclusive


@contextmanager
def lock_held_elsewhere(name: str) -> Iterator[None]:
    """Hold a lock as another process would; PostgreSQL's are reentrant within a session."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(name) as ours:
            assert ours
            taken.set()
            done.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert taken.wait(10)
        yield
    finally:
        done.set()
        thread.join()
