"""A service on a real socket that misbehaves, and what comes of calling it."""

from http.server import BaseHTTPRequestHandler

import pytest

from config.http.client import Client, TransportError
from tests.fakes.faulty import FaultyServer, Received


class Service(FaultyServer):
    """Answers `fine`; /huge with 200,000 bytes, /trickle a byte at a time; keeps the client's port of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.client_ports: list[int] = []

    def __enter__(self) -> "Service":
        super().__enter__()
        return self

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        return 200, {"X-Kind": "fine"}, b"x" * 200_000 if request.path == "/huge" else b"fine"

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.client_ports.append(handler.client_address[1])
        if handler.path == "/trickle":
            self._trickle(handler)
        else:
            super()._serve(handler)

    def _trickle(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Length", "10000")
        handler.end_headers()
        try:
            while not self._released.wait(0.05):
                handler.wfile.write(b"x")
        except OSError:
            return


def failure_of(client: Client, url: str, *, method: str = "GET") -> TransportError:
    """Return the failure of one call."""
    with pytest.raises(TransportError) as caught:
        client.call(method, url)
    return caught.value
