"""Bytes on their way, first in memory, then in a file that has no name and so is gone with its process."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import IO

from django.conf import settings

MEMORY_BYTES = 128 * 1024  # of each request or answer
CHUNK_BYTES = 64 * 1024
SPARE_BYTES = 256 * 1024**2  # of the disk, for those who have to go on writing: the database, running jobs


class DiskFullError(OSError):
    """There is no room for what comes or goes."""


def new_file() -> IO[bytes]:
    """Return a temporary file in WEB_SPOOL, or in the system's temporary folder."""
    return tempfile.TemporaryFile(dir=settings.WEB_SPOOL or None)


def check_room(pending: int) -> None:
    """Raise DiskFull where `pending` more bytes would not leave enough to the others."""
    if shutil.disk_usage(settings.WEB_SPOOL or tempfile.gettempdir()).free - pending < SPARE_BYTES:
        raise DiskFullError("The disk has no room for temporary files.")


class Spool:
    """Takes pieces in, and gives them out again as chunks: from memory, or, beyond MEMORY_BYTES, from disk."""

    def __init__(self) -> None:
        folder = settings.WEB_SPOOL or None
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES, dir=folder)  # noqa: SIM115 - close() does

    def put(self, piece: bytes) -> None:
        """Add a piece; raise DiskFullError."""
        if len(piece) > MEMORY_BYTES:
            check_room(len(piece))
        self._file.write(piece)

    def chunks(self) -> Iterator[bytes]:
        """Yield what was put in, and forget it at the end."""
        self._file.seek(0)
        while chunk := self._file.read(CHUNK_BYTES):
            yield chunk
        self._file.seek(0)
        self._file.truncate()

    def close(self) -> None:
        """Give up what was not taken."""
        self._file.close()
