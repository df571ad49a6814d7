"""Flush a result to disk while it is being written, so that little is left to wait for at its end."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

FLUSH_SECONDS = 0.1


@contextmanager
def fsync_in_background(path: Path) -> Iterator[None]:
    """Within the block, flush what it has written to `path` so far, again and again.

    Raises OSError where the disk refused something: whoever flushes the rest would not be told of it once more.
    """
    ended = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        flushing = pool.submit(_flush_until, ended, path)
        try:
            yield
        finally:
            ended.set()
        flushing.result()


def _flush_until(ended: threading.Event, path: Path) -> None:
    flushed = 0
    while not ended.wait(FLUSH_SECONDS):
        with suppress(FileNotFoundError), path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > flushed:  # a long aggregation leaves its file empty to the end
                os.fsync(file.fileno())
                flushed = size
