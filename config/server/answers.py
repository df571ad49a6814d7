"""Send answers so that nobody who reads slowly holds a thread, nor has more made than is read.

An answer in one piece is granian's. One in pieces, a list or a file, has its next piece made, in any thread, when granian has
room for it. So an iterator may not hold what belongs to a thread, such as a database's cursor: a page is a query of its own.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from django.db import close_old_connections

from config.server.bodies import Receive
from config.server.loop import STREAMS
from config.server.spool import CHUNK_BYTES, Spool

Send = Callable[[dict[str, Any]], Awaitable[None]]

TURN_SECONDS = 0.05  # that small pieces are gathered


class ClientGone(Exception):  # noqa: N818 - it is no error
    """There is nobody to answer."""


class Answer:
    """What a view answers, on its way to the client."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._news: Any = None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
        """WSGI's start_response; what it returns is of no use, and Django has none for it."""
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._send({"type": "http.response.start", "status": int(status[:3]), "headers": encoded})
        return self.finish

    def finish(self, content: bytes = b"") -> None:
        """Send the last of an answer, or the whole."""
        self._send({"type": "http.response.body", "body": content, "more_body": False})

    async def send_pieces(self, pieces: Iterator[bytes]) -> None:
        """Send an answer in pieces, each made when the client has taken those before. Raise ClientGone or OSError."""
        spool = Spool()
        self._news = self._receive()
        try:
            more = True
            while more:
                await STREAMS
                self._check_client()
                more = _take_turn(pieces, spool)
                close_old_connections()  # the next piece may be another thread's
                for chunk in spool.chunks():
                    await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
                    self._check_client()
        finally:
            spool.close()
        self.finish()

    def _check_client(self) -> None:
        """Raise ClientGone when the connection is."""
        while getattr(self._news, "done", _always)():
            if not hasattr(self._news, "result") or self._news.result()["type"] == "http.disconnect":
                raise ClientGone
            self._news = self._receive()


def _take_turn(pieces: Iterator[bytes], spool: Spool) -> bool:
    """Put the next pieces into the spool: one, or as many small ones as come at once. Return whether there may be more."""
    until = time.monotonic() + TURN_SECONDS
    size = 0
    for piece in pieces:
        spool.put(piece)
        size += len(piece)
        if size >= CHUNK_BYTES or time.monotonic() > until:
            return True
    return False


def _always() -> bool:
    return True
