"""What the object stores of the tests share: a proxy before each, which refuses, holds, delays and cuts on demand."""

import http.client
import re
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

import pytest

from tests.fakes.faulty import Fault, FaultyServer, Received, wait_until

BUCKET = "retail"
REFUSED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>on demand</Message></Error>"
XML = {"Content-Type": "application/xml"}
REFUSAL = Fault(status=403, headers=XML, body=REFUSED)
BUSY = Fault(status=503, headers=XML, body=REFUSED.replace(b"AccessDenied", b"ServerBusy"))
NEVER_ARRIVES = Fault(hang_seconds=0.01)  # the connection is cut before the store has the request
ANSWER_IS_LOST = Fault(drop=True)  # the store has done it, and nobody is told
NOT_FORWARDED = {"connection", "content-length", "content-type", "date", "keep-alive", "server", "transfer-encoding"}
SECONDS = 60.0

Which = Callable[[str, str], bool]  # of a request's method and path


class ObjectStore(FaultyServer):
    """The bucket BUCKET of a store, which is reached by `environment`. `held` is how many requests are kept waiting."""

    answers_alone = False  # Azurite asks itself for what it copies
    root: str  # the URL of the bucket
    environment: dict[str, str]
    completion: re.Pattern[str]  # of the request by which an upload becomes visible
    kept_uploads = 0  # of one upload that was dropped, how many the store keeps until they are old

    def __init__(self) -> None:
        super().__init__()
        self.upstream = 0  # the port of the store itself
        self._resumed = threading.Event()
        self._serving = 0  # requests that are under way
        self.on_received = self._wait_while_held
        self.heal()

    def start(self, upstream: int) -> None:
        """Pass requests on to the store at this port."""
        self.upstream = upstream
        self.__enter__()

    def close(self) -> None:
        self._resumed.set()
        self.__exit__()

    def heal(self) -> None:
        """Do nothing out of the ordinary, from now on."""
        self.held = 0
        self.on_answered = lambda _: None
        self._resumed.set()
        self._rules: list[tuple[Callable[[Received], bool], Fault]] = []
        self._holds: Which = lambda _method, _path: False

    def meet(self, fault: Fault, which: Which = lambda _method, _path: True, *, times: int = 10**9) -> None:
        """Let requests of this method and path meet a fault, so many times."""
        left = [times]

        def is_met(request: Received) -> bool:
            is_this = left[0] > 0 and which(request.method, _plain(request.path))
            left[0] -= is_this
            return is_this

        self._rules.append((is_met, fault))

    def meet_completion(self, fault: Fault) -> None:
        """Let the requests meet a fault by which an upload becomes visible."""
        self._rules.append((lambda request: bool(self.completion.match(f"{request.method} {request.path}")), fault))

    def refuse(self, which: Which) -> None:
        """Answer 403 to requests of this method and path."""
        self.meet(REFUSAL, which)

    def hold(self, which: Which) -> Callable[[], None]:
        """Keep requests of this method and path waiting, until what is returned is called."""
        self._resumed, self._holds = threading.Event(), which
        return self._resumed.set

    def hasten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have its driver wait little between tries, where that can be said."""

    def reset(self) -> None:
        """Be well, with the bucket and nothing in it: what nobody waits for any more has come to its end."""
        self.heal()
        wait_until(lambda: not self._serving, what="the end of all requests")
        self.received.clear()
        self.empty()

    def empty(self) -> None:
        """Make the bucket, or delete what is in it."""
        raise NotImplementedError

    def names(self) -> list[str]:
        """Return the names of all objects."""
        raise NotImplementedError

    def put(self, key: str, content: bytes) -> None:
        raise NotImplementedError

    def get(self, key: str) -> bytes:
        raise NotImplementedError

    def delete(self, key: str) -> None:
        raise NotImplementedError

    def open_uploads(self) -> int:
        """Return how many uploads in parts are begun and visible to nobody."""
        raise NotImplementedError

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=SECONDS)) as there:
            there.request(request.method, request.path, request.body or None, request.headers)
            answer = there.getresponse()
            body = answer.read()
            headers = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_FORWARDED}
            headers["Content-Type"] = answer.headers.get("Content-Type", "application/octet-stream")
            if request.method == "HEAD":
                headers["Content-Length"] = answer.headers.get("Content-Length", "0")
            return answer.status, headers, body

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self._serving += 1
        try:
            super()._serve(handler)
        finally:
            with self._lock:
                self._serving -= 1

    def fault_for(self, request: Received) -> Fault:
        return next((fault for is_met, fault in self._rules if is_met(request)), Fault())

    def _wait_while_held(self, request: Received) -> None:
        if self._holds(request.method, _plain(request.path)):
            self.held += 1
            self._resumed.wait(SECONDS)


def _plain(path: str) -> str:
    return unquote(urlsplit(path).path)
