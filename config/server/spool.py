"""Bytes on their way, first in memory, then in a file that has no name and so is gone with its process."""

import errno
import os
import tempfile
from collections.abc import Iterator
from typing import IO

from django.conf import settings

from config.core.disk import space_of

MEMORY_BYTES = 128 * 1024  # of each request or answer
CHUNK_BYTES = 64 * 1024


def new_file() -> IO[bytes]:
    """Return a temporary file in WEB_SPOOL, or in the system's temporary folder."""
    return tempfile.TemporaryFile(dir=spool_folder())


def check_room(pending: int) -> None:
    """Raise OSError where `pending` more bytes would not leave enough of the disk to those who have to go on writing."""
    if not space_of(spool_folder()).has_room_for(pending):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def spool_folder() -> str:
    """Return where what does not fit into memory waits."""
    return settings.WEB_SPOOL or tempfile.gettempdir()


class Spool:
    """Takes pieces in, and gives them out again as chunks: from memory, or, beyond MEMORY_BYTES, from disk."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES, dir=spool_folder())  # noqa: SIM115 - close() does

    def put(self, piece: bytes) -> None:
        """Add a piece; raise OSError where there is no room."""
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
