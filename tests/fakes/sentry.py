"""Sentry's intake on a real socket: takes envelopes, keeps the events, fails on demand."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import brotli

from tests.fakes.faulty import FaultyServer, Received


class Sentry(FaultyServer):
    """Accepts `POST /api/1/envelope/`."""

    def __enter__(self) -> "Sentry":
        super().__enter__()
        return self

    @property
    def dsn(self) -> str:
        return f"{self.scheme}://public@127.0.0.1:{self.port}/1"

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, b"{}"

    @property
    def envelopes(self) -> list[bytes]:
        """Every envelope that was accepted, as it stood in the body."""
        return [_body(request) for request in list(self.received) if request.accepted]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event in them."""
        return [event for envelope in self.envelopes for event in _events(envelope)]


def _body(request: Received) -> bytes:
    unpacked: dict[str | None, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}
    return unpacked.get(request.headers.get("Content-Encoding"), bytes)(request.body)


def _events(envelope: bytes) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in envelope.splitlines()[1:] if line]
    return [item for header, item in zip(lines[::2], lines[1::2], strict=True) if header["type"] == "event"]
