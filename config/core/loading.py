"""Load long-lived modules without the garbage collector, which would take a fifth to a quarter of a web process's start."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Disable the garbage collector while the block loads modules, and exempt what it loaded from later collections."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
