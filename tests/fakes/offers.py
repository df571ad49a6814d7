"""The offers service on a real socket, in both its profiles, with prices that move and failures on demand.

By itself (`python -m tests.fakes.offers --port 3198`) it is the stand-in of `make run`: every registered product is sold by
three shops, whose prices move each minute, and an access token lives five minutes, as with the public service of today.
"""

import argparse
import json
import math
import re
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from tests.fakes.faulty import Fault, FaultyServer, Received

Answer = tuple[int, dict[str, str], bytes]
ServedOffer = dict[str, Any]
OFFERS_PATH = re.compile(r"/api/v1/products/([^/]+)/offers")


class Offers(FaultyServer):
    """Serves below `base_url`. A product's offers are what `sell` set, or else what `made_up` makes of its id.

    In the profile "today", POST /auth needs `refresh_token` and refuses while a token is valid: until `expire_token`, or for
    `token_seconds`. In "documented", each POST /auth makes a token, which knows only the products registered with it.
    """

    refresh_token = "refresh-me"

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        profile: Literal["documented", "today"] = "documented",
        made_up: Callable[[str], list[ServedOffer]] = lambda product_id: [],
    ) -> None:
        super().__init__(port, host)
        self.profile = profile
        self.products: dict[str, dict[str, dict[str, Any]]] = {}  # by token, by id
        self.token_seconds = math.inf
        self._valid_until: dict[str, float] = {}  # by token
        self.latency = 0.0
        self._made_up = made_up
        self._sold: dict[str, list[ServedOffer]] = {}
        self._product_faults: dict[str, deque[Fault]] = {}

    def __enter__(self) -> "Offers":
        super().__enter__()
        return self

    @property
    def base_url(self) -> str:
        return f"{self.url}/api/v1"

    def sell(self, product_id: Any, *offers: tuple[str, int, int]) -> None:
        """Set a product's offers: id, price, items in stock."""
        self._sold[str(product_id)] = [
            {"id": number, "price": price, "items_in_stock": stock} for number, price, stock in offers
        ]

    def fail_product(self, product_id: Any, *faults: Fault) -> None:
        """Let the next questions for this product's offers meet these faults."""
        self._product_faults.setdefault(str(product_id), deque()).extend(faults)

    def know(self, token: str, *product_ids: Any) -> None:
        """Be as if this token had been given, and these products registered with it."""
        self._valid_until[token] = math.inf
        self._products_of(token).update({str(product_id): {} for product_id in product_ids})

    def expire_token(self) -> None:
        """Let no token be valid any more."""
        self._valid_until.clear()

    def _is_valid(self, token: str) -> bool:
        return self._valid_until.get(token, 0.0) > time.monotonic()

    def calls(self, suffix: str) -> list[Received]:
        """The requests whose path ends so, in order of arrival."""
        return [request for request in self.received if request.path.endswith(suffix)]

    def answer(self, request: Received) -> Answer:
        if request.path == "/api/v1/auth":
            return self._auth(request)
        token = request.headers.get("Bearer", "")
        if not self._is_valid(token):
            return _problem(401, "UNAUTHORIZED", "Access token invalid")
        known = self._products_of(token)
        if request.path == "/api/v1/products/register":
            return self._register(known, request.json())
        if (match := OFFERS_PATH.fullmatch(request.path)) and match[1] in known:
            return 200, {}, json.dumps(self._offers(match[1])).encode()
        return _problem(404, "NOT FOUND", "No such product")

    def _products_of(self, token: str) -> dict[str, dict[str, Any]]:
        account = token if self.profile == "documented" else self.refresh_token
        return self.products.setdefault(account, {})

    def _auth(self, request: Received) -> Answer:
        if self.profile == "today":
            if request.headers.get("Bearer") != self.refresh_token:
                return _problem(401, "UNAUTHORIZED", "Bad refresh token")
            if any(map(self._is_valid, self._valid_until)):
                return _problem(400, "BAD_REQUEST", "Cannot generate access token because another is valid")
        token = str(uuid.uuid4())
        self._valid_until[token] = time.monotonic() + self.token_seconds
        return 201, {}, json.dumps({"access_token": token}).encode()

    def _register(self, known: dict[str, dict[str, Any]], product: dict[str, Any]) -> Answer:
        if len(product["name"]) > 100:
            status, code = (400, "BAD_REQUEST") if self.profile == "documented" else (422, "UNPROCESSABLE")
            return _problem(status, code, "name is longer than 100")
        if product["id"] in known:
            status, code = (400, "BAD_REQUEST") if self.profile == "documented" else (409, "CONFLICT")
            return _problem(status, code, "Product already registered")
        known[product["id"]] = product
        return 201, {}, json.dumps({"id": product["id"]}).encode()

    def _offers(self, product_id: str) -> list[ServedOffer]:
        return self._sold[product_id] if product_id in self._sold else self._made_up(product_id)

    def fault_for(self, request: Received) -> Fault:
        match = OFFERS_PATH.fullmatch(request.path)
        faults = self._product_faults.get(match[1]) if match else None
        return faults.popleft() if faults else Fault(hang_seconds=self.latency, answers=True)


def _problem(status: int, code: str, message: str) -> Answer:
    return status, {}, json.dumps({"code": code, "msg": message}).encode()


def moving_offers(product_id: str, at: float | None = None) -> list[ServedOffer]:
    """Make three shops out of a product's id, as they are now or were `at`; one is now and then sold out.

    Their prices swing over days, hours and minutes, so that each minute brings something new and each week has a shape.
    """
    minute = int((at or time.time()) // 60)
    return [_offer_of_shop(uuid.UUID(product_id), shop, minute) for shop in range(3)]


def _offer_of_shop(product_id: uuid.UUID, shop: int, minute: int) -> ServedOffer:
    seed = (product_id.int >> 8 * shop) % 1000
    days, hours, minutes = (math.sin(minute / period + seed) for period in (3000, 400, 8))
    return {
        "id": str(uuid.uuid5(product_id, f"shop {shop}")),
        "price": round((900 + seed % 500) * (1 + 0.12 * days + 0.05 * hours + 0.005 * minutes)),
        "items_in_stock": max(0, round(7 + 5 * hours + 4 * days)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3198)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    arguments = parser.parse_args()
    stand_in = Offers(arguments.port, arguments.host, profile="today", made_up=moving_offers)
    stand_in.token_seconds = 300.0
    stand_in.serve_forever()
