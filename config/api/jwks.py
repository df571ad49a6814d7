"""Public keys of the company's authentication service, fetched from JWKS_URL and cached.

A token signed by a key not seen before makes us ask again, but at most every half minute: strangers cannot make us ask more.
While the service does not answer, the keys we have go on serving.
"""

import threading
import time
from functools import cache
from typing import Any

import jwt
import orjson

from config.http.client import Client, TransportError

FRESH_SECONDS = 300.0
ASK_AGAIN_SECONDS = 30.0
CONNECT_SECONDS, READ_SECONDS = 2.0, 3.0


class KeySet:
    """The keys at one address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched = self._asked = -FRESH_SECONDS

    def key(self, kid: str | None) -> jwt.PyJWK:
        """Return the key called `kid`; raise PyJWKClientError where there is none or the service does not answer."""
        with self._lock:
            now = time.monotonic()
            is_wanting = kid not in self._keys or now - self._fetched > FRESH_SECONDS
            if is_wanting and now - self._asked > ASK_AGAIN_SECONDS:
                self._asked = now
                self._fetch()
        if kid not in self._keys:
            raise jwt.PyJWKClientError("no such key")
        return self._keys[kid]

    def _fetch(self) -> None:
        try:
            with Client(role="the key set", connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS) as client:
                answer: dict[str, Any] = orjson.loads(client.call("GET", self._url).body)
            self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(answer).keys}
            self._fetched = self._asked
        except (TransportError, orjson.JSONDecodeError, jwt.PyJWTError, AttributeError) as error:
            if not self._keys:
                raise jwt.PyJWKClientError(f"the key set cannot be had: {error}") from error


@cache
def _key_set(url: str) -> KeySet:
    return KeySet(url)


def signing_key(url: str, token: str) -> jwt.PyJWK:
    """Return the key that `token` says it is signed with; raise PyJWKClientError or InvalidTokenError."""
    return _key_set(url).key(jwt.get_unverified_header(token).get("kid"))
