"""Read entries from JSON by hand: DRF's fields would cost more than the insert, and would make strings of numbers."""

from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

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
            _('The body must be an object such as {"content": "text"}, or an array of them.'), field="content"
        )
    if not 1 <= len(document) <= settings.INGEST_BULK_LIMIT:
        limit = settings.INGEST_BULK_LIMIT
        raise InvalidData(
            _("An array must have 1 to %(limit)s objects; this one has %(number)s.")
            % {"limit": limit, "number": len(document)},
            field="content",
        )
    return [entry_of(item, f"{place}.") for place, item in enumerate(document)]


def entry_of(item: Any, place: str = "") -> Entry:
    """Return one entry; `place` stands before the names of its fields in errors."""
    field = f"{place}content"
    if not isinstance(item, dict):
        where = place.rstrip(".") or "A line"
        raise InvalidData(_('%(where)s must be an object such as {"content": "text"}.') % {"where": where}, field=field)
    if len(item) != 1 or "content" not in item:
        refuse_unknown(item, MEMBERS, place=place)
    if "content" not in item:
        raise InvalidData(_("%(field)s is missing.") % {"field": field}, field=field)
    content = _text(item["content"], field)
    # A character takes at most 6 bytes, so that few contents have to be encoded to be measured.
    if len(content) * 6 > settings.INGEST_MAX_BYTES and len(orjson.dumps(content)) > settings.INGEST_MAX_BYTES:
        raise ContentTooLarge(
            _("%(field)s is larger than %(ingest_max_bytes)s bytes as JSON.")
            % {"field": field, "ingest_max_bytes": settings.INGEST_MAX_BYTES},
            field=field,
        )
    if len(item) == 1:
        return Entry(content)
    return Entry(
        content,
        _key_of(item["key"], f"{place}key") if "key" in item else None,
        _headers_of(item["headers"], f"{place}headers") if "headers" in item else None,
    )


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise InvalidData(_("%(field)s must be a string.") % {"field": field}, field=field)
    if "\0" in value:
        raise InvalidData(
            _("%(field)s has the character U+0000, which PostgreSQL cannot store; remove it.") % {"field": field},
            field=field,
        )
    return value


def _key_of(value: Any, field: str) -> str:
    key = _text(value, field)
    if not 1 <= len(key.encode()) <= MOST_KEY_BYTES:
        raise InvalidData(
            _("%(field)s must have 1 to %(most_key_bytes)s bytes as UTF-8.")
            % {"field": field, "most_key_bytes": MOST_KEY_BYTES},
            field=field,
        )
    return key


def _headers_of(value: Any, field: str) -> dict[str, str] | None:
    if not isinstance(value, dict):
        raise InvalidData(
            _('%(field)s must be an object of texts, such as {"source": "pos-7"}.') % {"field": field}, field=field
        )
    if len(value) > MOST_HEADERS:
        raise InvalidData(
            _("%(field)s may have at most %(most_headers)s members.") % {"field": field, "most_headers": MOST_HEADERS},
            field=field,
        )
    for name, text in value.items():
        _check_header(name, text, field)
    if sum(len(name.encode()) + len(text.encode()) for name, text in value.items()) > MOST_HEADER_BYTES:
        raise InvalidData(
            _("%(field)s may have at most %(most_header_bytes)s bytes, names included.")
            % {"field": field, "most_header_bytes": MOST_HEADER_BYTES},
            field=field,
        )
    return value or None


def _check_header(name: str, text: Any, field: str) -> None:
    _text(text, f"{field}.{name[:SHOWN]}")
    if not name or "\0" in name:
        raise InvalidData(_("%(field)s has a member without a usable name.") % {"field": field}, field=field)
    if name.lower() in OWN_HEADERS:
        raise InvalidData(
            _("%(field)s.%(name)s is a header that Apron sets itself; use another name.")
            % {"field": field, "name": name},
            field=f"{field}.{name}",
        )
