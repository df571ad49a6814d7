"""Public keys of the company's authentication service, fetched from JWKS_URL and cached.

A token signed by a key not seen before makes us ask again, but at most every ten seconds: strangers cannot make us ask more.
One thread of its own asks, and no request waits for it longer than WAIT_SECONDS; with a key that we have, none waits at all.
While the service does not answer, the keys we have go on serving for a day.
"""

import logging
import threading
import time
from functools import cache
from typing import Any

import jwt
import orjson

from config.http.client import Client, TransportError

logger = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
STALE_SECONDS = 24 * 3600.0  # keys not confirmed for so long serve no more: one of them may have been withdrawn
ASK_AGAIN_SECONDS = 10.0
WAIT_SECONDS = 0.6
CONNECT_SECONDS, READ_SECONDS = 2.0, 3.0


class KeySetUnavailable(jwt.PyJWKClientError):
    """The service does not answer, so that nobody can say whether the token is right."""


class KeySet:
    """The keys at one address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched = -STALE_SECONDS  # all by time.monotonic()
        self._asked = -ASK_AGAIN_SECONDS
        self._answered = threading.Event()  # whatever came of the question under way
        self._answered.set()

    def key(self, kid: str | None) -> jwt.PyJWK:
        """Return the key called `kid`; raise PyJWKClientError where there is none, KeySetUnavailable if nobody knows."""
        found = self._known(kid)
        if found is None or not self._is_fresh():
            self._ask()
        if found:
            return found
        is_answered = self._answered.wait(max(0.0, self._asked + WAIT_SECONDS - time.monotonic()))
        if found := self._known(kid):
            return found
        if is_answered and self._is_fresh():
            raise jwt.PyJWKClientError("no such key")
        raise KeySetUnavailable("the key set cannot be had")

    def _known(self, kid: str | None) -> jwt.PyJWK | None:
        return self._keys.get(kid) if time.monotonic() - self._fetched < STALE_SECONDS else None

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._fetched < FRESH_SECONDS

    def _ask(self) -> None:
        """Fetch the keys in a thread, unless one is at it or was lately."""
        with self._lock:
            now = time.monotonic()
            if not self._answered.is_set() or now - self._asked < ASK_AGAIN_SECONDS:
                return
            self._asked = now
            self._answered.clear()
        try:
            threading.Thread(target=self._fetch, name="jwks", daemon=True).start()
        except RuntimeError as error:  # no thread is to be had; the next question tries again
            logger.warning("The keys of the authentication service cannot be asked for: %s", error)
            self._answered.set()

    def _fetch(self) -> None:
        try:
            with Client(role="the key set", connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS) as client:
                answer: dict[str, Any] = orjson.loads(client.call("GET", self._url).body)
            self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(answer).keys}
            self._fetched = time.monotonic()
        except (TransportError, orjson.JSONDecodeError, jwt.PyJWTError, AttributeError) as error:
            logger.warning("The keys of the authentication service cannot be had: %s", error)
        finally:
            self._answered.set()


@cache
def _key_set(url: str) -> KeySet:
    return KeySet(url)


def signing_key(url: str, token: str) -> jwt.PyJWK:
    """Return the key that `token` says it is signed with; raise PyJWKClientError or InvalidTokenError."""
    return _key_set(url).key(jwt.get_unverified_header(token).get("kid"))
