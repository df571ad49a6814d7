"""Read a request's body before it gets a thread, within REQUEST_BODY_SECONDS and at SLOW_CLIENT_BYTES_PER_SECOND."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any

from django.conf import settings

from config.server.loop import REQUESTS
from config.server.spool import MEMORY_BYTES, check_room, new_file

WATCH_SECONDS = 0.5
FORM_BYTES = 1024 * 1024  # what a form may have around its files
MOST_BYTES = 17 * 1024 * 1024  # of a body that is no upload: more than any view takes
TOO_SLOW = "The body came too slowly. Send the whole of it in %g s, or a large one without such a pause."
BROKEN_OFF = "The body broke off before its end, or says two things of its length."

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Refused(Exception):  # noqa: N818 - it is an answer
    """The body is not taken; the answer says why, and the connection is closed."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Body:
    """A body that is coming: in memory, or from MEMORY_BYTES on in a temporary file."""

    def __init__(self, limit: int) -> None:
        self.length = 0
        self._limit = limit
        self.file: IO[bytes] = BytesIO()
        self.future: Any = None  # what granian will say next
        self._is_spooled = False
        self._pending = bytearray()  # one piece of memory, in however small pieces it came
        self._begun = self._heard = time.monotonic()

    def is_overdue(self, now: float) -> bool:
        """Return whether it is slower than a body may be, or its sender silent."""
        seconds: float = settings.REQUEST_BODY_SECONDS
        allowed: float = self._begun + seconds + self.length / settings.SLOW_CLIENT_BYTES_PER_SECOND
        return now > min(allowed, self._heard + seconds)

    async def read(self, receive: Receive, announced: int | None) -> None:
        """Read `announced` bytes, or to the end of the chunks; raise Refused or OSError."""
        more = announced != 0
        while more:
            self.future = receive()
            try:
                message = await self.future
            except asyncio.CancelledError as error:
                raise Refused(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW % settings.REQUEST_BODY_SECONDS) from error
            if message["type"] == "http.disconnect":
                raise Refused(HTTPStatus.BAD_REQUEST, BROKEN_OFF)
            self._take(message["body"])
            more = message["more_body"] and self.length != announced
            if len(self._pending) > MEMORY_BYTES:
                await self._write()
        if self._is_spooled:
            self._write_pending()
            self.file.seek(0)
        else:
            self.file = BytesIO(self._pending)

    def _take(self, chunk: bytes) -> None:
        self._pending += chunk
        self.length += len(chunk)
        self._heard = time.monotonic()
        refuse_above(self._limit, self.length)

    async def _write(self) -> None:
        arrived = time.monotonic()
        await REQUESTS  # a disk may take its time
        if not self._is_spooled:
            self.file = new_file()
            self._is_spooled = True
        self._write_pending()
        self._heard = time.monotonic()
        self._begun += self._heard - arrived  # that was not the sender's time

    def _write_pending(self) -> None:
        check_room(len(self._pending))
        self.file.write(self._pending)
        self._pending.clear()


def limit_of(path: str) -> int:
    """Return how long a body for a path may be: nobody fills the disk where no view takes uploads."""
    plain = path.removeprefix("/api")
    uploads = (most for start, most in settings.UPLOAD_PATHS.items() if plain.startswith(start))
    return next(uploads, MOST_BYTES - FORM_BYTES) + FORM_BYTES


def stream_limit_of(path: str, headers: list[tuple[bytes, bytes]]) -> int:
    """Return how long a body for a path may be where its lines are read one by one; 0 where they are not."""
    media_type, most = settings.STREAM_PATHS.get(path.removeprefix("/api"), ("", 0))
    given = next((value for name, value in headers if name == b"content-type"), b"")
    return most if given.partition(b";")[0].strip().lower() == media_type.encode() else 0


def refuse_above(limit: int, length: int) -> None:
    """Raise Refused for a body that is longer than its view takes."""
    if length > limit:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request body may have at most {limit} bytes.")


def announced_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Return how long the body says it is: 0 where there is none, None where it comes in chunks."""
    length: int | None = 0
    for name, value in headers:
        if name == b"content-length":
            return int(value)  # granian refuses what is no number
        if name == b"transfer-encoding":
            length = None
    return length


async def read_body(receive: Receive, announced: int | None, limit: int) -> Body:
    """Return the whole body; raise Refused or OSError."""
    body = Body(limit)
    if announced:
        refuse_above(limit, announced)
    if announced != 0:
        _reading.add(body)
        try:
            await body.read(receive, announced)
        except BaseException:
            body.file.close()
            raise
        finally:
            _reading.discard(body)
    return body


def start_watch() -> None:
    """Start the thread that ends overdue bodies."""
    threading.Thread(target=_watch, name="slow-bodies", daemon=True).start()


_reading: set[Body] = set()


def _watch() -> None:
    while True:
        time.sleep(WATCH_SECONDS)
        now = time.monotonic()
        for body in list(_reading):
            if body.is_overdue(now) and body.future is not None:
                body.future.cancel()
