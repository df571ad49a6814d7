"""Read entries from JSON by hand: DRF's fields would cost more than the insert, and would make strings of numbers."""

from typing import Any

import orjson
from django.conf import settings

from config.api.strict import SHOWN, refuse_unknown
from ingest.exceptions import ContentTooLarge, InvalidData
from ingest.publisher import OWN_HEADERS
from ingest.storage.entries import Entry

MEMBERS = ("content", "key", "headers")
MOST_KEY_BYTES = 1024
MOST_HEADERS = 32
MOST_HEADER_BYTES = 8192  # of all names and texts together; with the key less than publisher.producers.ENVELOPE_BYTES


def entries_of(document: Any) -> list[Entry]:
    """Return the object, or the objects in the array, that a body holds.

    Raises InvalidData, ContentTooLarge or ValidationError, naming the field and, in an array, its place.
    """
    if isinstance(document, dict):
        return [entry_of(document)]
    if not isinstance(document, list):
        raise InvalidData(
            'The body must be an object such as {"content": "text"}, or an array of them.', field="content"
        )
    if not 1 <= len(document) <= settings.INGEST_BULK_LIMIT:
        limit = settings.INGEST_BULK_LIMIT
        raise InvalidData(f"An array must have 1 to {limit} objects; this one has {len(document)}.", field="content")
    return [entry_of(item, f"{place}.") for place, item in enumerate(document)]


def entry_of(item: Any, place: str = "") -> Entry:
    """Return one entry; `place` stands before the names of its fields in errors."""
    field = f"{place}content"
    if not isinstance(item, dict):
        where = place.rstrip(".") or "A line"
        raise InvalidData(f'{where} must be an object such as {{"content": "text"}}.', field=field)
    if len(item) != 1 or "content" not in item:
        refuse_unknown(item, MEMBERS, place=place)
    if "content" not in item:
        raise InvalidData(f"{field} is missing.", field=field)
    content = _text(item["content"], field)
    # A character takes at most 6 bytes, so that few contents have to be encoded to be measured.
    if len(content) * 6 > settings.INGEST_MAX_BYTES and len(orjson.dumps(content)) > settings.INGEST_MAX_BYTES:
        raise ContentTooLarge(f"{field} is larger than {settings.INGEST_MAX_BYTES} bytes as JSON.", field=field)
    if len(item) == 1:
        return Entry(content)
    return Entry(
        content,
        _key_of(item["key"], f"{place}key") if "key" in item else None,
        _headers_of(item["headers"], f"{place}headers") if "headers" in item else None,
    )


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise InvalidData(f"{field} must be a string.", field=field)
    if "\0" in value:
        raise InvalidData(f"{field} has the character U+0000, which PostgreSQL cannot keep; take it out.", field=field)
    return value


def _key_of(value: Any, field: str) -> str:
    key = _text(value, field)
    if not 1 <= len(key.encode()) <= MOST_KEY_BYTES:
        raise InvalidData(f"{field} must have 1 to {MOST_KEY_BYTES} bytes as UTF-8.", field=field)
    return key


def _headers_of(value: Any, field: str) -> dict[str, str] | None:
    if not isinstance(value, dict):
        raise InvalidData(f'{field} must be an object of texts, such as {{"source": "pos-7"}}.', field=field)
    if len(value) > MOST_HEADERS:
        raise InvalidData(f"{field} may have at most {MOST_HEADERS} members.", field=field)
    for name, text in value.items():
        _check_header(name, text, field)
    if sum(len(name.encode()) + len(text.encode()) for name, text in value.items()) > MOST_HEADER_BYTES:
        raise InvalidData(f"{field} may have at most {MOST_HEADER_BYTES} bytes, names included.", field=field)
    return value or None


def _check_header(name: str, text: Any, field: str) -> None:
    _text(text, f"{field}.{name[:SHOWN]}")
    if not name or "\0" in name:
        raise InvalidData(f"{field} has a member without a usable name.", field=field)
    if name.lower() in OWN_HEADERS:
        raise InvalidData(
            f"{field}.{name} is a header of Apron's own, which cannot be given; take another name.",
            field=f"{field}.{name}",
        )
