"""Loading what stays for the life of a process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Load without the garbage collector, which would run hundreds of times now, and look at it all at each full collection after."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
