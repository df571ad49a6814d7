"""Credentials for outgoing HTTP, as hooks of requests. Their reprs name no secret. OAuth2 is in `oauth2.py`.

A Standard Webhooks signature (https://www.standardwebhooks.com) is one of them: it goes beside any other.
"""

import base64
import binascii
import hashlib
import hmac
import json
import math
import time
from collections.abc import Iterable, Sequence

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_auth_from_url

SHORTEST_KEY, LONGEST_KEY = 24, 64  # bytes of a webhook secret, as the specification asks
HIDDEN = b"[hidden]"


class Credential(AuthBase):
    """Puts a credential on a request.

    The client sets `deadline` (a time.monotonic() value) for each attempt; a credential's own requests end by then.
    """

    deadline = math.inf

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        raise NotImplementedError

    @property
    def secrets(self) -> Sequence[str]:
        """Return what an answer may repeat and nobody may read, in each form in which it goes out."""
        return ()


class ApiKey(Credential):
    """Sends `key` in the header `name`."""

    def __init__(self, name: str, key: str, *, scheme: str = "") -> None:
        self._name = name
        self._key = key
        self._scheme = scheme

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers[self._name] = f"{self._scheme} {self._key}".strip()
        return request

    @property
    def secrets(self) -> Sequence[str]:
        return (self._key,)


class Bearer(ApiKey):
    """Sends `Authorization: Bearer` with a token."""

    def __init__(self, token: str) -> None:
        super().__init__("Authorization", token, scheme="Bearer")


class Basic(Credential):
    """Sends a user name and a password, in UTF-8 (RFC 7617)."""

    def __init__(self, username: str, password: str) -> None:
        self._pair = username.encode(), password.encode()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        HTTPBasicAuth(*self._pair)(request)
        return request

    @property
    def secrets(self) -> Sequence[str]:
        return self._pair[1].decode(), base64.b64encode(b":".join(self._pair)).decode()


class WebhookSignature(Credential):
    """Signs the bytes that go out with each of `secrets`: during a rotation, the new one and the old one.

    The message's id is the request's Idempotency-Key, so it stays the same over all attempts; its time is the attempt's.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = [webhook_key(secret) for secret in secrets]

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        identifier = request.headers.get("Idempotency-Key")
        if not identifier:
            raise ValueError("a request is signed only with an Idempotency-Key")
        sent_at, body = str(int(time.time())), request.body or b""
        message = f"{identifier}.{sent_at}.".encode() + (body.encode() if isinstance(body, str) else body)
        digests = [hmac.digest(key, message, hashlib.sha256) for key in self._keys]
        request.headers["webhook-id"] = identifier
        request.headers["webhook-timestamp"] = sent_at
        request.headers["webhook-signature"] = " ".join(f"v1,{base64.b64encode(d).decode()}" for d in digests)
        return request


class Credentials(AuthBase):
    """All credentials of a client. That it is there keeps requests from looking for others in ~/.netrc."""

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self._credentials = tuple(credentials)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        username, password = get_auth_from_url(request.url or "")
        if username or password:  # what an address carries is used, as requests does by itself
            request = Basic(username, password)(request)
        for credential in self._credentials:
            request = credential(request)
        return request

    def set_deadline(self, deadline: float) -> None:
        """Let no credential's own request go on beyond `deadline`."""
        for credential in self._credentials:
            credential.deadline = deadline

    @property
    def secrets(self) -> list[str]:
        """Return all that must not be shown."""
        return [secret for credential in self._credentials for secret in credential.secrets]


def webhook_key(secret: str) -> bytes:
    """Return the key of a `whsec_` secret; raise ValueError where it is none."""
    encoded = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not whsec_ and base64") from None
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ValueError(f"it does not have {SHORTEST_KEY} to {LONGEST_KEY} bytes")
    return key


def hide(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return `body` without the secrets that it repeats, as they are or as JSON writes them."""
    for secret in filter(None, secrets):
        for form in (secret, json.dumps(secret)[1:-1]):
            body = body.replace(form.encode(), HIDDEN)
    return body
