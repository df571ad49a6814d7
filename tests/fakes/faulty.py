"""A real HTTP server on a real socket that misbehaves on demand; the fakes of outside services derive from it."""

import contextlib
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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
    """What the next request meets: a status with headers, a hang, or a dropped connection before or after reading it."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_seconds: float = 0.0
    drop: bool = False
    body: bytes = b'{"error": "on demand"}'


class FaultyServer:
    """Serves `answer()` until closed, and keeps every request it got."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.received: list[Received] = []
        self.down = False
        self._faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._released = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                server._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer((host, port), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "FaultyServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._http.shutdown()
        self._http.server_close()

    def serve_forever(self) -> None:
        self._http.serve_forever()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail_next(self, *faults: Fault) -> None:
        """Let the next requests meet these faults, in order."""
        with self._lock:
            self._faults.extend(faults)

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body; the fakes say what theirs is."""
        raise NotImplementedError

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        received = Received(handler.command, handler.path, dict(handler.headers.items()), body)
        with self._lock:
            self.received.append(received)
            fault = Fault(drop=True) if self.down else self._faults.popleft() if self._faults else None
        if fault and fault.hang_seconds:
            self._released.wait(fault.hang_seconds)
        if fault and fault.status:
            self._write(handler, fault.status, fault.headers, fault.body)
            return
        if fault and fault.drop and self.down:
            self._drop(handler)
            return
        with self._lock:
            status, headers, answer = self.answer(received)
            received.accepted = 200 <= status < 300
        if fault and fault.drop:
            self._drop(handler)
        else:
            self._write(handler, status, headers, answer)

    @staticmethod
    def _drop(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _write(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            handler.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                **headers,
                "Content-Length": str(len(body)),
            }.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)


def wait_until(condition: Any, *, seconds: float = 10.0, what: str = "it") -> Any:
    """Return the condition's first true value, or fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@contextlib.contextmanager
def free_port() -> Iterator[int]:
    """Yield a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
