"""The only client for outgoing HTTP: timeouts, connection pooling, two kinds of failure, retries within a budget.

Only 2xx is success, and of a client that says what its service answers with, only in one of these media types. Everything
else is a `TransportError` that is either temporary ("retry later": connection errors, timeouts, 408, 425, 429, 5xx) or
`permanent` ("fix it"). Callers look at its fields, never at its text.
"""

import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol

import requests
import tenacity
from requests.exceptions import InvalidProxyURL, InvalidSchema, InvalidURL, MissingSchema
from urllib3.exceptions import HTTPError

from config.http.auth import Credential, Credentials, hide
from config.http.connection import ConnectionOptions
from config.http.failures import describe
from config.http.measuring import measured
from config.http.public import PrivateAddress, PublicAdapter

logger = logging.getLogger(__name__)

TEMPORARY_STATUSES = frozenset({408, 425, 429})
SENT_ELSEWHERE = frozenset(
    {302, 303, 307}
)  # to the login page of a network; 301 and 308 mean that the address is wrong
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
UNUSABLE_ADDRESS = (InvalidSchema, InvalidURL, MissingSchema)
NO_OPTIONS = ConnectionOptions()
LONGEST_RETRY_AFTER = 24 * 3600.0  # seconds; a service may not park us for longer


@dataclass(frozen=True)
class Answer:
    """A 2xx answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportError(Exception):
    """A call failed.

    `permanent`: trying again will not help. `status`: the HTTP status, None when there was no answer. `retry_after`: seconds
    the service asked us to wait. `body`: the start of the answer, for the log and the operator.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        status: int | None = None,
        retry_after: float | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status
        self.retry_after = retry_after
        self.body = body


class AttemptLog(Protocol):
    """Is told of every attempt of a call."""

    def begin(self) -> Mapping[str, str]:
        """Take note before an attempt is made; return headers for this attempt alone."""

    def end(self, outcome: Answer | TransportError) -> None:
        """Take note of what came of it."""


class Client:
    """A pooled connection to one outside service.

    `role` names the service in logs and errors; the timeouts are in seconds; an answer may have at most `max_body` bytes.
    `accepts`: patterns of the media types in which the service itself answers. A 2xx in another one comes from something
    between us, such as the login page of a network, and is a temporary failure; one without a body is the service's.
    `auth` are the credentials that go out. None of them is in an error or told to a log, even where the service repeats them.
    `public_only`: addresses of private networks and of this machine are refused. Not for sharing between threads.
    """

    def __init__(
        self,
        *,
        role: str,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        max_body: int = 10_000_000,
        accepts: Sequence[str] = (),
        auth: Iterable[Credential] = (),
        connection: ConnectionOptions = NO_OPTIONS,
        public_only: bool = False,
    ) -> None:
        self.role = role
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self.max_body = max_body
        self.accepts = [pattern.lower() for pattern in accepts]
        self._connection = connection
        self._credentials = Credentials(auth)
        self._session = requests.Session()
        self._session.auth = self._credentials
        if public_only:
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, PublicAdapter())

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        deadline: float | None = None,
        attempts: AttemptLog | None = None,
        wants_body: bool = True,
    ) -> Answer:
        """Send one request and return its 2xx answer; raise TransportError otherwise.

        With `deadline` (a time.monotonic() value) temporary failures are tried again, waiting exponentially with jitter or as
        long as Retry-After says, as long as the next attempt would start before it; the attempts' own timeouts shrink to fit.
        `attempts` is told of each. Without `wants_body` a 2xx is success whatever becomes of its body.
        """
        headers = dict(headers or {})
        if deadline is None:
            return self._logged_attempt(attempts, method, url, headers, data, self.read_timeout, wants_body)
        if method not in IDEMPOTENT_METHODS and "Idempotency-Key" not in headers:
            raise ValueError(f"{method} is retried only with an Idempotency-Key")
        for attempt in tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_temporary),
            wait=_wait,
            stop=lambda state: time.monotonic() + state.upcoming_sleep >= deadline,
            before_sleep=self._log_retry,
            reraise=True,
        ):
            with attempt:
                timeout = min(self.read_timeout, max(deadline - time.monotonic(), 1.0))
                return self._logged_attempt(attempts, method, url, headers, data, timeout, wants_body)
        raise AssertionError("tenacity returns or raises")

    def _logged_attempt(
        self, log: AttemptLog | None, method: str, url: str, headers: Mapping[str, str], *arguments: Any
    ) -> Answer:
        if log is None:
            return self._attempt(method, url, headers, *arguments)
        headers = {**headers, **log.begin()}
        try:
            answer = self._attempt(method, url, headers, *arguments)
        except TransportError as error:
            log.end(error)
            raise
        log.end(replace(answer, body=self.redact(answer.body)))
        return answer

    @measured
    def _attempt(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None,
        read_timeout: float,
        wants_body: bool,
    ) -> Answer:
        timeout = (min(self.connect_timeout, read_timeout), read_timeout)
        options = self._connection.for_requests()
        self._credentials.set_deadline(time.monotonic() + read_timeout)
        try:
            with self._session.request(
                method, url, headers=headers, data=data, timeout=timeout, stream=True, allow_redirects=False, **options
            ) as response:
                body = self._body(response, time.monotonic() + read_timeout, wants_body)
        except InvalidProxyURL:
            raise TransportError(f"{self.role}: the address of the proxy is not valid", permanent=True) from None
        except UNUSABLE_ADDRESS:
            raise TransportError(f"{self.role}: the address is not valid", permanent=True) from None
        except PrivateAddress:
            raise TransportError(f"{self.role}: the address is not a public one", permanent=True) from None
        except (requests.RequestException, HTTPError, OSError) as error:
            # "from None": the cause's text carries the address with its query, and would be in every traceback
            raise TransportError(f"{self.role}: {describe(error)}", permanent=False) from None
        if _is_success(response):
            self._check_media_type(response, body)
            return Answer(response.status_code, response.headers, body or b"")
        status, reason = response.status_code, self.redact((response.reason or "").encode()).decode()
        is_from_between = bool(self.accepts) and status in SENT_ELSEWHERE
        raise TransportError(
            _printable(f"{self.role} answered {status} {reason}".rstrip()),
            permanent=not (status >= 500 or status in TEMPORARY_STATUSES or is_from_between),
            status=status,
            retry_after=parse_retry_after(response.headers.get("Retry-After")),
            body=self.redact(body or b"")[:2000],
        )

    def redact(self, body: bytes) -> bytes:
        """Return `body` without our own credentials, which a service may repeat; for whoever keeps or shows an answer."""
        return hide(body, [*self._credentials.secrets, *self._connection.secrets])

    def _check_media_type(self, response: requests.Response, body: bytes | None) -> None:
        """Raise TransportError for what the service does not answer with. A body of None broke off."""
        type_ = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        is_page = (body or b"").lstrip().startswith(b"<")
        if not self.accepts or body == b"" or (not is_page and any(fnmatchcase(type_, each) for each in self.accepts)):
            return
        raise TransportError(
            _printable(
                f"{self.role}: {response.status_code} with {type_ or 'no Content-Type'} is not the service's own answer,"
                f" which is {' or '.join(self.accepts)}"
            ),
            permanent=False,
            status=response.status_code,
            body=self.redact(body or b"")[:2000],
        )

    def _body(self, response: requests.Response, deadline: float, wants_body: bool) -> bytes | None:
        """Read the body, which keeps the connection; one that nobody wants does not undo a 2xx by ending badly: it is None."""
        try:
            return self._read(response, deadline)
        except (TransportError, requests.RequestException, HTTPError, OSError):
            if wants_body or not _is_success(response):
                raise
            return None

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        """Read the body as its bytes come in, so that neither its size nor a trickle of them is without a bound."""
        body = bytearray()
        while piece := response.raw.read1(65536, decode_content=True):
            body += piece
            if len(body) > self.max_body:
                raise TransportError(
                    f"{self.role} answered more than {self.max_body} bytes",
                    permanent=True,
                    status=response.status_code,
                )
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("the answer did not end in time")
        return bytes(body)

    def _log_retry(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        logger.warning("%s; attempt %d, next in %.1f s", error, state.attempt_number, state.upcoming_sleep)


_exponential = tenacity.wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.2)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, TransportError) else None
    return max(_exponential(state), asked or 0.0)


def _printable(text: str) -> str:
    """Return a text without control characters, which no database or terminal wants."""
    return "".join(character for character in text if character.isprintable())


def _is_success(response: requests.Response) -> bool:
    return 200 <= response.status_code < 300


def _is_temporary(error: BaseException) -> bool:
    return isinstance(error, TransportError) and not error.permanent


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header (seconds or an HTTP date) asks for, None when it says nothing usable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
