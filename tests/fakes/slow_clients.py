"""Clients that send a byte now and then, or ask for much and read nothing, over real sockets."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tests.fakes.faulty import wait_until

ESTABLISHED = 1  # in the kernel's tcp_info
BODY = b'{"content": "' + b"x" * 5000 + b'"}'
HEAD = (
    b"POST /api/data HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(BODY)
)


@contextmanager
def slow_bodies(port: int, count: int) -> Iterator["Clients"]:
    """Have `count` clients send a body byte by byte."""
    with _clients(port, count, first=HEAD, then=BODY) as clients:
        yield clients


@contextmanager
def slow_headers(port: int, count: int) -> Iterator["Clients"]:
    """Have `count` clients send the headers byte by byte."""
    with _clients(port, count, first=b"G", then=b"ET /api/data HTTP/1.1\r\nX-Filler: " + b"x" * 5000) as clients:
        yield clients


@contextmanager
def slow_readers(port: int, count: int, path: str) -> Iterator["Clients"]:
    """Have `count` clients ask for something and read nothing of it."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with _clients(port, count, first=request, then=b"", buffer=4096) as clients:
        yield clients


class Clients:
    """Connections to a server; one thread drips into all of them."""

    def __init__(self, sockets: list[socket.socket], drip: bytes) -> None:
        self.sockets = sockets
        self._drip = drip
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answers(self, seconds: float) -> list[bytes]:
        """Return what each has got when the server has closed all connections; raise AssertionError after `seconds`."""
        self.stop()
        received = dict.fromkeys(self.sockets, b"")
        with selectors.DefaultSelector() as selector:
            for each in self.sockets:
                each.setblocking(False)
                selector.register(each, selectors.EVENT_READ)
            deadline = time.monotonic() + seconds
            while selector.get_map():
                assert time.monotonic() < deadline, f"{len(selector.get_map())} connections are still open"
                for key, _ in selector.select(timeout=0.2):
                    connection = key.fileobj
                    assert isinstance(connection, socket.socket)
                    chunk = _received(connection)
                    received[connection] += chunk
                    if not chunk:
                        selector.unregister(connection)
        return list(received.values())

    def wait_until_closed(self, seconds: float) -> None:
        """Wait until the server has closed all connections, without reading."""
        wait_until(lambda: not any(map(_is_open, self.sockets)), seconds=seconds, what="the end of all connections")

    def stop(self) -> None:
        """Send nothing more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        for place in range(len(self._drip)):
            for each in self.sockets:
                with suppress(OSError):  # it was cut
                    each.send(self._drip[place : place + 1])
            if self._stopped.wait(0.2):
                return


@contextmanager
def _clients(port: int, count: int, *, first: bytes, then: bytes, buffer: int | None = None) -> Iterator[Clients]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            if buffer:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            each.settimeout(10)
            each.connect(("127.0.0.1", port))
            each.sendall(first)
        clients = Clients(sockets, then)
        stack.callback(clients.stop)
        yield clients


def _is_open(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""
