"""A real HTTP server on a real socket that misbehaves on demand; the fakes of outside services derive from it."""

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Received:
    """A request as it arrived; `accepted` when it was answered with 2xx, or would have been but for a dropped connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    accepted: bool = False

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """What the next request meets; without arguments, nothing out of the ordinary.

    `status`: refused with it. `hang_seconds`: kept waiting first, and then dropped unless `answers`. `drop`: read, taken, and
    the connection closed without a word. `cut_after`: so many bytes of the answer's body are sent, and no more.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_seconds: float = 0.0
    answers: bool = False
    drop: bool = False
    cut_after: int | None = None
    body: bytes = b'{"error": "on demand"}'


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # the default of 5 drops connections of its own accord when many come at once

    def handle_error(self, *address: Any) -> None:
        if not isinstance(sys.exception(), ssl.SSLError):  # those are the client's business: an unknown certificate
            super().handle_error(*address)


class FaultyServer:
    """Serves `answer()` until closed, and keeps every request it got. `answers_alone`: one at a time."""

    answers_alone = True

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.received: list[Received] = []
        self.scheme = "http"
        self.down = False
        self.down_after: int | None = None  # how many requests it still takes before it is down
        self.on_received: Callable[[Received], None] = lambda _: None
        self.on_answered: Callable[[Received], None] = lambda _: None
        self._faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._released = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                server._serve(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                pass

        self._http = _HttpServer((host, port), Handler)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "FaultyServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._http.shutdown()
        self._http.server_close()

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS, before the first request."""
        self.scheme = "https"  # the handshake is left to the thread that serves the connection
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)

    def serve_forever(self) -> None:
        self._http.serve_forever()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def fail_next(self, *faults: Fault) -> None:
        """Let the next requests meet these faults, in order."""
        with self._lock:
            self._faults.extend(faults)

    def forget_faults(self) -> None:
        """Be well from now on."""
        with self._lock:
            self._faults.clear()

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body; the fakes say what theirs is."""
        raise NotImplementedError

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        if len(body) < length:  # its sender died in the middle: no server has received that
            self._drop(handler)
            return
        received = Received(handler.command, handler.path, dict(handler.headers.items()), body)
        with self._lock:
            self.received.append(received)
            fault = self._faults.popleft() if self._faults else self.fault_for(received)
            down = self.down or (self.down_after is not None and len(self.received) > self.down_after)
        self.on_received(received)
        self._released.wait(fault.hang_seconds)
        if down or (fault.hang_seconds and not fault.answers):
            self._drop(handler)
        elif fault.status:
            self._write(handler, fault.status, fault.headers, fault.body)
        else:
            with self._lock if self.answers_alone else contextlib.nullcontext():
                status, headers, answer = self.answer(received)
                received.accepted = 200 <= status < 300
            if fault.drop:
                self._drop(handler)
            else:
                self._write(handler, status, headers, answer, fault.cut_after)
                self.on_answered(received)

    def fault_for(self, request: Received) -> Fault:
        """Return what this very request meets when no fault is due; for the fakes to say."""
        return Fault()

    @staticmethod
    def _drop(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _write(
        handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes, cut_after: int | None = None
    ) -> None:
        with contextlib.suppress(ConnectionError):
            handler.send_response(status)
            all_headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
            for name, value in all_headers.items():
                handler.send_header(name, value)
            handler.end_headers()
            if handler.command == "HEAD":  # which is told the length of what it does not get
                return
            handler.wfile.write(body[:cut_after])
            sent = len(body[:cut_after])
            handler.close_connection |= all_headers["Content-Length"] != str(sent)  # cut, as far as the client knows


def wait_until(condition: Callable[[], T], *, seconds: float = 20.0, what: str = "it") -> T:
    """Return the condition's first true value, or fail after `seconds`; what takes long is looked at less often."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(pause)
        pause = min(1.2 * pause, 0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@contextlib.contextmanager
def free_port() -> Iterator[int]:
    """Yield a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
