"""A temporary folder for each worker process, which lives as long as the process.

Its runner holds a lock on it, which the kernel drops when the runner dies: a folder that nobody has locked is nobody's.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "apron-child-"


class Workspace:
    """A new folder, locked by this process."""

    def __init__(self) -> None:
        made = Path(tempfile.mkdtemp(prefix="apron-new-"))  # it has its name once it is locked, or it could be swept
        self._lock = _locked(made)
        self.path = made.rename(made.with_name(PREFIX + made.name.removeprefix("apron-new-")))

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_abandoned_workspaces() -> None:
    """Remove the folders of runners that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = _locked(path)
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _locked(path: Path) -> int:
    """Lock the folder and return what holds the lock. Raises OSError where another process has it, or it is no folder."""
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock
