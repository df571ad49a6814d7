"""Tasks whose effect a test can see, for workers in processes of their own."""

import os
import sys
import time
from pathlib import Path


def leave_mark(path: str) -> None:
    """Write the id of the process that ran this."""
    Path(path).write_text(str(os.getpid()))


def break_down(path: str) -> None:
    """Raise an error that has the argument in its text and in a variable."""
    text = f"{path} cannot be had"
    raise RuntimeError(text)


def tell_where(path: str) -> None:
    """Write the id of the process that ran this, and which modules of tasks it had loaded."""
    Path(path).write_text(f"{os.getpid()} {' '.join(sorted(name for name in sys.modules if name.endswith('.tasks')))}")


def leave_named_mark() -> None:
    """Leave a mark in the file that the environment's MARK_FILE names."""
    leave_mark(os.environ["MARK_FILE"])


def work_for_a_second(started: str, done: str) -> None:
    """Leave a mark, work for a second, leave another."""
    leave_mark(started)
    time.sleep(1)
    leave_mark(done)
