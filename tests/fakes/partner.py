"""The partner API on a real socket: takes customers, acknowledges them, remembers what it got, fails on demand.

By itself (`python -m tests.fakes.partner --port 3199`) it is the stand-in of `make run`: GET / shows what it received.
"""

import argparse
import gzip
import json
from typing import Any

from tests.fakes.faulty import FaultyServer, Received


class Partner(FaultyServer):
    """Accepts `POST /v1/customers`; a key it has accepted before is acknowledged without effect."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__(port, host)
        self.accepted: dict[str, list[dict[str, Any]]] = {}  # by idempotency key, in order of arrival
        self.repeats: list[str] = []  # keys that came again after they were accepted

    def __enter__(self) -> "Partner":
        super().__enter__()
        return self

    @property
    def customers_url(self) -> str:
        return f"{self.url}/v1/customers"

    @property
    def customers(self) -> list[dict[str, Any]]:
        """Every customer that was accepted, once per idempotency key, in order."""
        return [customer for batch in list(self.accepted.values()) for customer in batch]

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        if request.method == "GET":
            summary = {"batches": len(self.accepted), "customers": self.customers[-100:]}
            return 200, {}, json.dumps(summary, indent=2, ensure_ascii=False).encode()
        zipped = request.headers.get("Content-Encoding") == "gzip"
        customers = json.loads(gzip.decompress(request.body) if zipped else request.body)
        key = request.headers["Idempotency-Key"]
        if key in self.accepted:
            self.repeats.append(key)
        self.accepted.setdefault(key, customers)
        return 201, {}, json.dumps({"received": len(customers)}).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3199)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    arguments = parser.parse_args()
    Partner(arguments.port, arguments.host).serve_forever()
