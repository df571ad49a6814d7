"""HTTP client of the offers service, for both of its profiles. Imports no models.

Documented profile: `POST /auth` without a header gives a token for good. Today's: `POST /auth` with a refresh token gives a
token that lives five minutes, 409 means that a product is registered already. The header is literally `Bearer: <token>`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from config.core.json import dumps
from config.http.auth import hide
from config.http.client import Answer, Client, TransportError
from config.http.connection import ConnectionOptions

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
LARGEST_ANSWER = 1_000_000  # bytes
LARGEST_NUMBER = 2**63 - 1
LONGEST_ID = 255
NAMED, SHOWN = 10, 64  # bad offers that an error names, and characters of the id of each
OUTAGE_STATUSES = frozenset({429, 502, 503, 504})  # about the whole service, not about one product


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """An offer as the service returns it."""

    id: str
    price: int
    items_in_stock: int


@dataclass(frozen=True)
class OffersAnswer:
    """What the service told of a product: its offers by id, and those that make no sense.

    `unclear` are the ids of offers that are there, but of which nothing else can be used. Where an offer has not even an id,
    nobody knows which one it is, so that the answer does not name all: `names_all` is false. `error` says for people what
    was left out, "" for nothing.
    """

    offers: Sequence[ServiceOffer]
    unclear: frozenset[str] = frozenset()
    names_all: bool = True
    error: str = ""


FAILED, ANSWERED = gettext_noop("offers service: %(why)s"), gettext_noop("offers service answered %(status)s")


class OffersError(Exception):
    """A call failed; the text can be shown to people. `status` is None if there was no answer."""

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class OffersUnavailable(OffersError):  # noqa: N818 - its base says that it is an error
    """Try again later, not before `retry_after` seconds if the service said so."""

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason, status=status)
        self.retry_after = retry_after

    @property
    def is_outage(self) -> bool:
        """Return whether the other products would fare no better."""
        return self.status is None or self.status in OUTAGE_STATUSES


class OffersRefused(OffersError):  # noqa: N818 - as above
    """The service refused the call; repeating it will not help."""


class OffersClient:
    """A pooled connection to the offers service at `base_url`, the way that the settings OFFERS_… say. Not thread-safe."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = Client(
            role="offers service",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_body=LARGEST_ANSWER,
            connection=ConnectionOptions.of("OFFERS"),
        )

    def __enter__(self) -> "OffersClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.__exit__()

    def request_token(self, refresh_token: str = "") -> str:
        """Return a new access token; with `refresh_token` in today's profile, else in the documented one."""
        answer = self._call("POST", "/auth", token=refresh_token)
        match _parse(answer.body):
            case {"access_token": str(token)} if token.isascii() and token.isprintable() and 0 < len(token) <= 4096:
                return token
        raise _unreadable("an access token", answer.status)

    def register(self, token: str, *, product_id: str, name: str, description: str) -> None:
        """Register a product; that it is registered already is as good."""
        body = dumps({"id": product_id, "name": name, "description": description})
        try:
            self._call("POST", "/products/register", token=token, body=body)
        except OffersRefused as error:
            if error.status != 409:
                raise

    def offers(self, token: str, product_id: str) -> OffersAnswer:
        """Return the current offers of a registered product, each id once; raise where none of several makes sense."""
        answer = self._call("GET", f"/products/{product_id}/offers", token=token)
        rows = _parse(answer.body)
        if not isinstance(rows, list):
            raise _unreadable("a list of offers", answer.status)
        told = _read(rows)
        if rows and not told.offers:
            raise _unreadable(f"a usable offer: {told.error}", answer.status)
        return told

    def _call(self, method: str, path: str, *, token: str, body: bytes | None = None) -> Answer:
        headers = {"Accept": "application/json"}
        if token:
            headers["Bearer"] = token
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._http.call(method, f"{self._base_url}{path}", headers=headers, data=body)
        except TransportError as error:
            reason = ": ".join(filter(None, [str(error), _said(hide(error.body, [token]))]))
            if error.permanent:
                raise OffersRefused(reason, status=error.status) from error
            raise OffersUnavailable(reason, status=error.status, retry_after=error.retry_after) from error


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _read(rows: list[Any]) -> OffersAnswer:
    """Take each row by itself: a bad one does not spoil the good ones beside it."""
    good: dict[str, set[ServiceOffer]] = {}
    left_out, unclear, names_all = list[str](), set[str](), True
    for place, row in enumerate(rows, start=1):
        id_ = _id_of(row)
        if wrong := [name for name in ("price", "items_in_stock") if not _is_count(row.get(name))] if id_ else ["id"]:
            names_all = names_all and bool(id_)
            unclear.update(filter(None, [id_]))
            left_out.append(f"{_named(id_, place)} ({' and '.join(wrong)})")
        elif id_:
            good.setdefault(id_, set()).add(ServiceOffer(id_, row["price"], row["items_in_stock"]))
    for id_ in [id_ for id_, told in good.items() if len(told) > 1]:
        left_out.append(f"{_named(id_, 0)} (told {len(good.pop(id_))} times, each another)")
        unclear.add(id_)
    offers = sorted((offer for told in good.values() for offer in told), key=lambda offer: offer.id)
    return OffersAnswer(offers, frozenset(unclear), names_all, _left_out(left_out, len(rows)))


def _id_of(row: Any) -> str | None:
    id_ = row.get("id") if isinstance(row, dict) else None
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        return None
    text = str(id_)
    return text if 0 < len(text) <= LONGEST_ID and "\0" not in text else None


def _is_count(number: Any) -> bool:
    return type(number) is int and 0 <= number <= LARGEST_NUMBER


def _named(id_: str | None, place: int) -> str:
    return f"{id_[:SHOWN]!r}" if id_ else f"number {place}"


def _left_out(names: list[str], total: int) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} of {total} offers could not be used: {', '.join(names[:NAMED])}{more}"


def _unreadable(wanted: str, status: int) -> OffersUnavailable:
    return OffersUnavailable(
        _("offers service answered %(status)s, but not %(wanted)s") % {"status": status, "wanted": wanted},
        status=status,
    )


def _said(body: bytes) -> str:
    """Return the service's own words about a failure: `msg` of the documented profile, `detail` of today's, or the text."""
    match _parse(body):
        case {"msg": str(text)} | {"detail": str(text)}:
            said = text
        case {"detail": detail}:
            said = dumps(detail).decode()
        case _:
            said = body.decode(errors="replace")
    return said.replace("\0", "").strip()[:500]
