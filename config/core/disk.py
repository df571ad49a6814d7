"""The disks that this process writes to: how much room they have, and whether an error came of a full one.

Apps declare their folders by the setting that names them: `/health` is open to everyone, and a path is nobody's business.
"""

import errno
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SMALL_DISK_SHARE = (
    20  # a disk may be so small that DISK_LEAST_FREE_BYTES is most of it: then this part of it is kept free
)
NOTHING_BYTES = 1024 * 1024  # less is no room: file systems and databases ask for more at a time
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
LONGEST_CHAIN = 100  # of errors, which code may close to a ring
POSTGRESQL_NO_ROOM = "53100"
REMEMBERED_SECONDS = 60.0  # nobody but the errors tells how full the disk of PostgreSQL's server is
SQLITE_OF_THE_DISK = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})  # it does not say what the disk said

Folder = Callable[[], str | Path | None]

_folders: dict[str, Folder] = {}
_server_was_full_at = -math.inf  # by time.monotonic(), as this process met it


@dataclass(frozen=True)
class Space:
    """How many bytes a disk has in all, and how many of them are free: none, where it has no inode left."""

    device: int
    free: int
    total: int

    @property
    def least_free(self) -> int:
        """How many bytes are to stay free, for those who have to go on writing: the database, running jobs."""
        from django.conf import settings  # noqa: PLC0415 - compute's worker processes do without Django

        return min(int(settings.DISK_LEAST_FREE_BYTES), self.total // SMALL_DISK_SHARE)

    def has_room_for(self, size: int) -> bool:
        """Return whether enough is left free when so many bytes more are written."""
        return self.free - size >= self.least_free


def watch(name: str, folder: Folder) -> None:
    """Declare a folder that this process writes to, from an app's ready(). It returns None where it is not of this machine."""
    _folders[name] = folder


def space_of(folder: str | Path) -> Space:
    """Return the room on a folder's disk; of a folder that is not made yet, on the disk where it will be."""
    place = Path(folder)
    while not place.exists() and place != place.parent:
        place = place.parent
    found = os.statvfs(place)
    has_inodes = not found.f_files or found.f_favail  # some file systems do not count them
    free = found.f_bavail * found.f_frsize if has_inodes else 0
    return Space(place.stat().st_dev, free, found.f_blocks * found.f_frsize)


def spaces() -> Iterator[tuple[str, Space]]:
    """Yield the declared folders' names, with the room on their disks. Raises OSError where one does not tell."""
    for name, folder in _folders.items():
        if (place := folder()) is not None:
            yield name, space_of(place)


def lacks_room(error: BaseException | None) -> bool:
    """Return whether an error, or what brought it about, is that a disk is full."""
    return _origin(error) is not None


def where_room_lacks(error: BaseException | None) -> str:
    """Return which disk an error that `lacks_room` tells of, in words."""
    if getattr(_origin(error), "sqlstate", "") == POSTGRESQL_NO_ROOM:
        return "the disk of the database's server"
    names = _short_of_room(lambda space: not space.has_room_for(0))
    return f"the disk of {' and '.join(names)}" if names else "a disk of this machine"


def was_server_full() -> bool:
    """Return whether the database's server, whose disk nobody sees from here, had no room when it was last asked for some."""
    return time.monotonic() - _server_was_full_at < REMEMBERED_SECONDS


def trouble_of(error: BaseException | None) -> str:
    """Say in one line of a log why the database did not do something."""
    if lacks_room(error):
        return f"No space is left on {where_room_lacks(error)}; it goes on by itself when there is"
    return f"The database did not answer: {str(error).strip()}"


def _origin(error: BaseException | None) -> BaseException | None:
    """Return the first of the errors behind an error that is of a full disk."""
    for _ in range(LONGEST_CHAIN):
        if error is None or _is_of_full_disk(error):
            return error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def _is_of_full_disk(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in SQLITE_OF_THE_DISK:
            return bool(_short_of_room(lambda space: space.free < NOTHING_BYTES))
        return code == sqlite3.SQLITE_FULL
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if getattr(error, "sqlstate", "") != POSTGRESQL_NO_ROOM:
        return False
    global _server_was_full_at  # noqa: PLW0603 - all threads of a process met it
    _server_was_full_at = time.monotonic()
    return True


def _short_of_room(is_short: Callable[[Space], bool]) -> list[str]:
    """Return the names of folders; of none where a disk does not tell, which is no reason to hide the error at hand."""
    try:
        return [name for name, space in spaces() if is_short(space)]
    except OSError:
        return []
