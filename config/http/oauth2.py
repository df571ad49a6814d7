"""OAuth2 client credentials (RFC 6749, 4.4): a token that is kept while it is good, and renewed once when it is refused."""

import time
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.parse import quote_plus, urlencode

import orjson
from requests import PreparedRequest, Response

from config.http.auth import Basic, Credential, hide
from config.http.client import Client, TransportError
from config.http.connection import ConnectionOptions

LONGEST_SECONDS = 15.0  # of asking for a token
LARGEST_ANSWER = 64 * 1024  # bytes
LONGEST_TOKEN = 16 * 1024
RENEW_BEFORE = 30.0  # seconds before a token expires; at most half of its life


@dataclass(frozen=True)
class ClientCredentials:
    """Who asks for a token, and where. Without a secret the client certificate says who asks (RFC 8705)."""

    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scope: str = ""


class OAuth2(Credential):
    """Sends an access token. When it is refused (401), a new one is asked for and the same request goes out once more.

    `role` names the token's endpoint in errors; `connection` is how it is reached. A failure to get a token is a
    TransportError without a status, since the service itself did not answer.
    """

    def __init__(self, credentials: ClientCredentials, *, role: str, connection: ConnectionOptions) -> None:
        self._credentials = credentials
        self._role = role
        self._connection = connection
        self._token = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        secret = self._credentials.client_secret
        return self._token, secret, *Basic(*_quoted(self._credentials)).secrets

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._authorize(request)
        request.hooks["response"].append(self._repeat_when_refused)
        return request

    def _repeat_when_refused(self, response: Response, **options: Any) -> Response:
        if response.status_code != 401:
            return response
        response.close()  # unread: nobody knows how long it is
        request = response.request.copy()
        self._authorize(request, refused=self._token)
        left = self._seconds_left()
        options["timeout"] = tuple(min(seconds, left) for seconds in options["timeout"])
        repeated = response.connection.send(request, **options)
        repeated.history.append(response)
        repeated.request = request
        return repeated

    def _authorize(self, request: PreparedRequest, refused: str = "") -> None:
        kept = _kept_token(self._credentials)
        if not kept.lock.acquire(timeout=self._seconds_left()):
            raise TransportError(f"{self._role}: another request still asks for a token", permanent=False)
        try:
            if not kept.is_good(refused):
                kept.forget()
                kept.keep(*self._ask())
            self._token = kept.token
        finally:
            kept.lock.release()
        request.headers["Authorization"] = f"Bearer {self._token}"

    def _ask(self) -> tuple[str, float | None]:
        """Return a new token and for how many seconds it is good, where that is said."""
        mine = self._credentials
        form = {"grant_type": "client_credentials"} | ({"scope": mine.scope} if mine.scope else {})
        form |= {} if mine.client_secret else {"client_id": mine.client_id}
        auth = [Basic(*_quoted(mine))] if mine.client_secret else []
        seconds = self._seconds_left()
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        with Client(
            role=self._role, read_timeout=seconds, max_body=LARGEST_ANSWER, auth=auth, connection=self._connection
        ) as client:
            try:
                answer = client.call("POST", mine.token_url, headers=headers, data=urlencode(form).encode())
            except TransportError as error:
                body = hide(error.body, self.secrets)
                raise TransportError(
                    str(error), permanent=error.permanent, retry_after=error.retry_after, body=body
                ) from None
        return self._read(answer.status, answer.body)

    def _read(self, status: int, body: bytes) -> tuple[str, float | None]:
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            said = None
        match said:
            case {"access_token": str(token)} if _is_sendable(token) and _is_bearer(said):
                return token, _lifetime(said.get("expires_in"))
        raise TransportError(f"{self._role} answered {status}, but not with a bearer token", permanent=False)

    def _seconds_left(self) -> float:
        return min(LONGEST_SECONDS, max(self.deadline - time.monotonic(), 1.0))


class _KeptToken:
    """The token that all clients of this process share; `lock` is held by who uses or changes it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.token = ""
        self._renew_at = 0.0

    def is_good(self, refused: str) -> bool:
        return self.token not in {"", refused} and time.monotonic() < self._renew_at

    def forget(self) -> None:
        self.token = ""

    def keep(self, token: str, seconds: float | None) -> None:
        life = float("inf") if seconds is None else seconds - min(RENEW_BEFORE, seconds / 2)
        self.token, self._renew_at = token, time.monotonic() + life


@lru_cache(maxsize=16)
def _kept_token(credentials: ClientCredentials) -> _KeptToken:
    return _KeptToken()


def _quoted(credentials: ClientCredentials) -> tuple[str, str]:
    """Return the id and the secret as RFC 6749, 2.3.1, wants them in a Basic header."""
    return quote_plus(credentials.client_id), quote_plus(credentials.client_secret)


def _is_sendable(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token and 0 < len(token) <= LONGEST_TOKEN


def _is_bearer(said: dict[str, Any]) -> bool:
    return str(said.get("token_type", "bearer")).lower() == "bearer"


def _lifetime(expires_in: Any) -> float | None:
    """Return the seconds of `expires_in`, which some servers send as a text; None where it says nothing usable."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds < float("inf") else None
