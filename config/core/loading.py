"""Load long-lived modules without the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Load without the garbage collector, which would run hundreds of times, and look at it all again later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
