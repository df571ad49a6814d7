"""A folder for each child in the system's temporary one, where an engine keeps what lives as long as the child does.

Its runner holds a lock on it, which the kernel drops when the runner dies: a folder that nobody has locked is nobody's.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "apron-child-"


class ChildFolder:
    """A new folder, locked by this process."""

    def __init__(self) -> None:
        self.path, self._lock = _made_and_locked()

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_left_behind() -> None:
    """Remove the folders of runners that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if (lock := _locked(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _made_and_locked() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        if (lock := _locked(path)) is not None:  # or a runner that has just started took it for left behind
            return path, lock


def _locked(path: Path) -> int | None:
    """Lock the folder and return what holds the lock; None where another process has it, or the folder is gone."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    if path.exists():
        return lock
    os.close(lock)
    return None
