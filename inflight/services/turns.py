"""Let an erasure have its turn while a long delivery goes on: it is asked for, and the sender stops between two batches."""

from collections.abc import Iterator
from contextlib import contextmanager

from config.core.locks import exclusive

LOCK = "erasure"


@contextmanager
def erasing(*, wait_seconds: float) -> Iterator[bool]:
    """Be the one who erases; yield whether nobody else is."""
    with exclusive(LOCK, wait_seconds=wait_seconds) as taken:
        yield taken


def an_erasure_waits() -> bool:
    """Return whether somebody erases, or waits for it."""
    with exclusive(LOCK) as free:
        return not free
