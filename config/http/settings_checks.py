"""System checks of how outside services are reached: credentials, certificates, proxies. No message holds a value."""

import os
import re
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name

from config.core.settings_checks import SettingError

NEEDS = {  # by PARTNER_AUTH
    "none": (),
    "bearer": ("PARTNER_TOKEN",),
    "api_key": ("PARTNER_TOKEN", "PARTNER_API_KEY_HEADER"),
    "basic": ("PARTNER_USERNAME", "PARTNER_PASSWORD"),
    "oauth2": ("PARTNER_TOKEN_URL", "PARTNER_CLIENT_ID"),
}
CREDENTIALS = sorted({name for needed in NEEDS.values() for name in needed} - {"PARTNER_API_KEY_HEADER"})
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
MOST_WEBHOOK_SECRETS = 2  # the new one and the old one


def check_outgoing(**_: Any) -> list[CheckMessage]:
    """Find settings with which the partner or the offers service cannot be reached."""
    errors = [*credential_errors(), *_address_errors(), *_webhook_errors()]
    errors += [*_connection_errors("PARTNER"), *_connection_errors("OFFERS")]
    return [Error(text, hint=hint, id=f"apron.{code}") for code, text, hint in errors]


def credential_errors() -> Iterator[SettingError]:
    """Yield why nothing may go to the partner: with less than what PARTNER_AUTH needs, it would go without a credential."""
    kind = settings.PARTNER_AUTH
    if kind not in NEEDS:
        yield "E040", f"PARTNER_AUTH is {kind!r}.", f"Set it to one of {', '.join(NEEDS)}."
        return
    needed = list(NEEDS[kind])
    if kind == "oauth2" and not settings.PARTNER_CLIENT_CERT:
        needed.append("PARTNER_CLIENT_SECRET")
    for name in needed:
        if not getattr(settings, name):
            yield "E041", f"PARTNER_AUTH is {kind}, and {name} is not set.", f"Set {name}, or {name}_FILE to a file."
    token = settings.PARTNER_TOKEN
    if not (token.isascii() and token.isprintable()) or " " in token:
        yield "E042", "PARTNER_TOKEN cannot be sent in a header.", "Give it without spaces or line breaks."
    if not HEADER_NAME.fullmatch(settings.PARTNER_API_KEY_HEADER or "X"):
        yield "E042", "PARTNER_API_KEY_HEADER is no name of a header.", "Give a name such as X-API-Key."
    if ":" in settings.PARTNER_USERNAME:
        yield "E042", "PARTNER_USERNAME holds a colon.", "Basic authentication has no way to send one."


def _address_errors() -> Iterator[SettingError]:
    if _split(settings.CUSTOMERS_API_URL).password is not None:
        mend = "Set PARTNER_AUTH=basic, PARTNER_USERNAME and PARTNER_PASSWORD, and leave it out of the address."
        yield "E043", "CUSTOMERS_API_URL holds a password.", mend
    url = _split(settings.PARTNER_TOKEN_URL)
    if settings.PARTNER_AUTH != "oauth2" or not settings.PARTNER_TOKEN_URL:
        return
    if url.scheme != "https" and not (settings.DEBUG and url.scheme == "http"):
        yield "E044", "PARTNER_TOKEN_URL is not an https address.", "Give an https address: a secret is sent there."
    if url.password is not None:
        yield "E044", "PARTNER_TOKEN_URL holds a password.", "Set PARTNER_CLIENT_ID and PARTNER_CLIENT_SECRET instead."


def _webhook_errors() -> Iterator[SettingError]:
    if not settings.PARTNER_WEBHOOK_SECRETS:
        return
    from config.http.auth import webhook_key  # noqa: PLC0415 - loads requests, which not every process needs

    if len(settings.PARTNER_WEBHOOK_SECRETS) > MOST_WEBHOOK_SECRETS:
        yield "E045", "PARTNER_WEBHOOK_SECRETS holds more than two secrets.", "Keep the new one and the one before it."
    for number, secret in enumerate(settings.PARTNER_WEBHOOK_SECRETS, 1):
        try:
            webhook_key(secret)
        except ValueError as error:
            mend = (
                "Make one: python -c 'import base64, os; print(\"whsec_\" + base64.b64encode(os.urandom(32)).decode())'"
            )
            yield "E046", f"PARTNER_WEBHOOK_SECRETS cannot be used, secret {number}: {error}.", mend


def _connection_errors(prefix: str) -> Iterator[SettingError]:
    """Find certificates that cannot be loaded; with a wrong proxy, nothing would be reached at all."""
    cert, key, ca = (f"{prefix}_{name}" for name in ("CLIENT_CERT", "CLIENT_KEY", "CA"))
    unreadable = [name for name in (cert, key, ca) if not _is_readable(getattr(settings, name))]
    for name in unreadable:
        mend = "Give the path of a PEM file that this user may read, or leave it unset."
        yield "E047", f"{name} names no file that can be read.", mend
    if getattr(settings, key) and not getattr(settings, cert):
        yield "E048", f"{key} is set, and {cert} is not.", f"Set {cert} to the certificate of that key."
    elif not unreadable:
        yield from _pem_errors(cert, key, ca)
    if not _is_proxy(getattr(settings, f"{prefix}_PROXY")):
        mend = "Give http://name:password@host:port, with %40 for @ and %2F for / in the password."
        yield "E049", f"{prefix}_PROXY is no address of a proxy.", mend


def _pem_errors(cert: str, key: str, ca: str) -> Iterator[SettingError]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if path := getattr(settings, ca):
        try:
            context.load_verify_locations(path)
        except ssl.SSLError:
            yield "E048", f"{ca} holds no certificate.", "Give a PEM file with the certificates of the authorities."
    if path := getattr(settings, cert):
        try:
            context.load_cert_chain(path, getattr(settings, key) or None, password="")  # else OpenSSL would ask for it
        except (ssl.SSLError, ValueError):
            mend = f"Give both in PEM, the key without a passphrase; {key} may be left unset where {cert} holds both."
            yield "E048", f"{cert} and {key} are not a certificate and its key.", mend


def _is_readable(path: str) -> bool:
    return not path or (os.path.isfile(path) and os.access(path, os.R_OK))  # noqa: PTH113 - a path may be too long


def _is_proxy(url: str) -> bool:
    parts = _split(url)
    return not url or (parts.scheme in {"http", "https"} and bool(parts.hostname))


def _split(url: str) -> SplitResult:
    """Return the parts of an address; empty ones where it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is not looked at before
    except ValueError:
        return urlsplit("")
    return parts


def check_outgoing_deployment(**_: Any) -> list[CheckMessage]:
    """Find credentials that travel in the clear."""
    if settings.PARTNER_AUTH == "none" and (unused := [name for name in CREDENTIALS if getattr(settings, name)]):
        text = f"{unused[0]} is set, and PARTNER_AUTH is none: it is not sent."
        return [Warning(text, hint=f"Set PARTNER_AUTH, or leave {unused[0]} unset.", id="apron.W006")]
    shows_credentials = settings.PARTNER_AUTH != "none" or settings.PARTNER_WEBHOOK_SECRETS
    if not shows_credentials or _split(settings.CUSTOMERS_API_URL).scheme == "https":
        return []
    text = "CUSTOMERS_API_URL is not https: customers and credentials travel in the clear."
    return [Warning(text, hint="Ask the partner for an https address.", id="apron.W005")]
