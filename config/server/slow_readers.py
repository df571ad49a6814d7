"""Cut connections whose clients do not read what they asked for, by what the kernel says of each.

What a client has acknowledged is all that counts, whether the rest waits in the kernel, in granian or in a spool. On systems
that are not Linux nothing is cut.
"""

import fcntl
import logging
import os
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

WATCH_SECONDS = 1.0
SIOCOUTQ = 0x5411  # how many bytes the other side has not acknowledged
TCP_INFO_BYTES = 128
BYTES_ACKED = 120  # where they are in the kernel's tcp_info
NETWORK = (socket.AF_INET, socket.AF_INET6)
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: what was not read is thrown away with the connection

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reading:
    """A client that has something to read, as it was at a time."""

    client: object
    waiting: int
    acknowledged: int
    since: float


def start_watch() -> None:
    """Start the thread that cuts slow readers."""
    if sys.platform == "linux":
        threading.Thread(target=_watch, name="slow-readers", daemon=True).start()


def _watch() -> None:
    readings: dict[int, Reading] = {}
    while True:
        time.sleep(WATCH_SECONDS)
        try:
            readings = dict(_look_around(readings))
        except OSError as error:  # no descriptor is left: these readings serve until there is one
            logger.warning("Nobody could look for slow readers: %s", error.strerror)


def _look_around(before: dict[int, Reading]) -> Iterator[tuple[int, Reading]]:
    """Yield who has something to read, by descriptor; cut those who read too slowly."""
    ports = {
        each.getsockname()[1] for _, each in _sockets() if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    }
    for number, connection in _sockets():
        with suppress(OSError):  # of one that is not connected any more
            if connection.getsockname()[1] in ports and (reading := _look_at(connection, before.get(number))):
                yield number, reading


def _sockets() -> Iterator[tuple[int, socket.socket]]:
    """Yield this process's sockets of the network, each for its turn, under a descriptor of our own.

    Theirs may be another's in a moment.
    """
    for entry in Path("/proc/self/fd").iterdir():
        number = int(entry.name)
        with suppress(OSError):  # it is closed by now
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            own = os.dup(number)
            if not stat.S_ISSOCK(os.fstat(own).st_mode):
                continue  # and stays open: to close a file of SQLite's gives up all locks that this process has on it
            with socket.socket(fileno=own) as found:
                if found.family in NETWORK:
                    yield number, found


def _look_at(connection: socket.socket, before: Reading | None) -> Reading | None:
    (waiting,) = struct.unpack("i", fcntl.ioctl(connection, SIOCOUTQ, b"\0" * 4))
    if not waiting:
        return None
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    (acknowledged,) = struct.unpack_from("Q", info, BYTES_ACKED)
    now = Reading(connection.getpeername(), waiting, acknowledged, time.monotonic())
    if before is None or before.client != now.client:
        return now
    seconds = now.since - before.since
    if seconds < settings.ANSWER_STALL_SECONDS:
        return before
    if acknowledged - before.acknowledged < min(before.waiting, settings.SLOW_CLIENT_BYTES_PER_SECOND * seconds):
        logger.info("Cut off %s, who did not read the answer", before.client)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        connection.shutdown(socket.SHUT_RDWR)  # granian finds it closed, and lets go of what was to be sent
    return now
