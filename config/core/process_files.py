"""A numbered set of files for each process of this machine that counts something; a successor goes on with them.

A process takes the lowest number that no living process holds. The kernel releases a number with its process, however that
ends, so that there are never more files than processes at once, and no number that a process wrote is lost.
"""

import fcntl
import logging
import os
import stat
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock

from django.conf import settings
from prometheus_client.multiprocess import MultiProcessCollector

from config.core.app_settings import env

logger = logging.getLogger(__name__)

MOST_PROCESSES = 256
TRY_AGAIN_SECONDS = 60.0
# Written whole at the start: a page of a mapped file that a full disk has no room for ends the process that writes it.
BYTES = {"counter": 256 * 1024, "histogram": 1024 * 1024}


class Claim:
    """This process's number, once it has one."""

    def __init__(self) -> None:
        self._locks = ExitStack()
        self._begin()
        os.register_at_fork(after_in_child=self._begin_in_child)

    def _begin(self) -> None:
        self.number: int | None = None
        self._claiming = Lock()
        self._not_before = 0.0

    def _begin_in_child(self) -> None:
        self._locks.close()  # the parent still holds them
        self._begin()

    def is_made(self) -> bool:
        """Make the claim where it is not made; return False, and say so once, while METRICS_DIR cannot be used."""
        if self.number is not None:
            return True
        with self._claiming:
            if self.number is None and time.monotonic() >= self._not_before:
                self._try()
        return self.number is not None

    def _try(self) -> None:
        try:
            folder = private_folder(settings.METRICS_DIR)
            number = self._take_number(folder)
            for kind, size in BYTES.items():
                _prepare(folder / f"{kind}_{number}.db", size)
            env.ENVIRON["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where prometheus_client looks for it
            self.number = number
        except OSError as error:
            self._locks.close()
            if not self._not_before:
                logger.warning("METRICS_DIR cannot be used, so this process counts nothing for /metrics: %s", error)
            self._not_before = time.monotonic() + TRY_AGAIN_SECONDS

    def _take_number(self, folder: Path) -> int:
        # While somebody holds a lock on the folder, systemd-tmpfiles leaves alone what lies in it.
        fcntl.flock(self._opened(folder), fcntl.LOCK_SH)
        for number in range(MOST_PROCESSES):
            lock = self._opened(folder / f"{number}.lock")
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return number
        raise OSError(f"{MOST_PROCESSES} processes count in {folder} already")

    def _opened(self, path: Path) -> int:
        flags = os.O_RDONLY | (0 if path.is_dir() else os.O_CREAT)
        descriptor = os.open(path, flags, 0o600)
        self._locks.callback(os.close, descriptor)
        return descriptor


def private_folder(path: str) -> Path:
    """Make the folder where it is not there and return it; raise OSError for one that others may have made."""
    folder = Path(path)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not a folder of the user who runs this")
    return folder


def _prepare(path: Path, size: int) -> None:
    """Leave a readable file of at least `size` bytes, all of them on the disk. Readers never see half of it."""
    if path.exists() and path.stat().st_size >= size and _is_readable(path):
        return
    new = path.with_suffix(".new")  # no other process has this number
    new.write_bytes(bytes(size))
    new.replace(path)


def _is_readable(path: Path) -> bool:
    """Return whether a crash of the machine has not left it half written."""
    try:
        MultiProcessCollector.merge([str(path)])  # type: ignore[no-untyped-call]
    except Exception:
        logger.warning("%s was broken, and is begun anew", path)
        return False
    return True
