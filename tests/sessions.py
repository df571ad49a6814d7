"""Another process's view of the database, without the process: a thread with a connection of its own."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

from django.db import connection, models, transaction

from config.core.locks import exclusive


@contextmanager
def lock_held_elsewhere(name: str, *, seconds: float = 30.0) -> Iterator[None]:
    """Hold a lock as another process would, for at most some seconds; PostgreSQL's are reentrant within a session."""
    with held_elsewhere(exclusive(name), seconds=seconds):
        yield


@contextmanager
def rows_read_elsewhere(model: type[models.Model]) -> Iterator[None]:
    """Have another session in the middle of a transaction that has read the model's table."""

    @contextmanager
    def read() -> Iterator[bool]:
        with transaction.atomic():
            list(model._default_manager.all()[:1])
            yield True

    with held_elsewhere(read()):
        yield


@contextmanager
def held_elsewhere(held: AbstractContextManager[bool], *, seconds: float = 30.0) -> Iterator[None]:
    """Be inside `held`, which must be true, in another session, for at most some seconds."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with held as ours:
            assert ours
            taken.set()
            done.wait(seconds)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert taken.wait(10)
        yield
    finally:
        done.set()
        thread.join()


def in_a_thread(work: Callable[[], Any]) -> threading.Thread:
    """Begin to work in another session; the caller joins the thread."""

    def run() -> None:
        work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@contextmanager
def the_only_writer() -> Iterator[None]:
    """Keep SQLite's one place for a writer, as an import does."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")
