"""Recognise the id of an erased person without keeping it, by a keyed hash. Imports no models."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from django.conf import settings
from django.utils.crypto import salted_hmac

from config.api.imports.parsing import Reason

REASONS: list[Reason] = [
    {"field": "customer_id", "code": "erased", "message": "is of a person who was erased; the row is not kept"}
]
_BETWEEN_CELLS = re.compile(r'[;,\t|"\r\n]+')


def digest_of(customer_id: str) -> str:
    """Return the keyed hash of a customer's id; the key comes from SECRET_KEY."""
    return next(_digests([customer_id]))[1]


def erased_among(customer_ids: Iterable[str], digests: frozenset[str]) -> set[str]:
    """Return those of the ids that have one of the digests."""
    return {customer_id for customer_id, digest in _digests(customer_ids) if digest in digests}


def reasons_to_withhold(digests: frozenset[str], row: Mapping[str, str], raw: str) -> list[Reason]:
    """Return what to say of a rejected row that may be of an erased person, and so is not kept; nothing if it is not."""
    ids = [row["customer_id"].strip()] if row else cells_of(raw)
    return REASONS if digests and erased_among(ids, digests) else []


def cells_of(raw: str) -> set[str]:
    """Return what may be a cell of a row that cannot be read as CSV."""
    return {cell.strip() for cell in _BETWEEN_CELLS.split(raw)}


def _digests(customer_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    key = salted_hmac("inflight.erasure", "", secret=settings.SECRET_KEY, algorithm="sha256").digest()
    keyed = partial(hashlib.blake2b, key=key, digest_size=32)  # a third of what an HMAC costs, for a million new ids
    return ((each, keyed(each.encode()).hexdigest()) for each in customer_ids)
