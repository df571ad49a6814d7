"""Why a call failed, in words that hold neither a query nor a credential."""

import ssl
from collections.abc import Iterator

import requests
from django.utils.translation import gettext_noop
from requests.exceptions import ProxyError, SSLError
from urllib3.exceptions import ProtocolError, ReadTimeoutError

REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (  # the first that fits
    (requests.ConnectTimeout, gettext_noop("no connection in time")),
    ((requests.Timeout, ReadTimeoutError), gettext_noop("no answer in time")),
    (SSLError, gettext_noop("the TLS handshake failed")),
    (ProxyError, gettext_noop("the proxy refused the connection or cannot be reached")),
    ((requests.ConnectionError, ProtocolError, OSError), gettext_noop("connection failed or was dropped")),
)


def describe(error: Exception) -> str:
    """Return the kind of failure; the exception's own text may carry the address with its query."""
    if type(error) is OSError and error.errno is None:  # how requests says it
        return gettext_noop("a certificate file is missing")
    reason = next((text for kind, text in REASONS if isinstance(error, kind)), type(error).__name__)
    return f"{reason}{_tls_reason(error)}" if isinstance(error, SSLError) else reason


def _tls_reason(error: BaseException) -> str:
    """Return what OpenSSL says, such as " (certificate required)"."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f" ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f" ({cause.reason.lower().replace('_', ' ')})"
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those inside it: requests and urllib3 wrap each other's."""
    yield error
    for inner in (getattr(error, "reason", None), error.__context__, *error.args):
        if isinstance(inner, BaseException):
            yield from _causes(inner)
