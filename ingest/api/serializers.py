"""Input and output of ingest's API.

The serializers document it. The hot path reads the body without them (`contents_of`): DRF's fields would cost more than the
insert, and would make strings of numbers.
"""

from typing import Any

import orjson
from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.openapi import example
from config.api.serializers import RowOutput
from config.api.strict import Input, TextField, refuse_unknown
from ingest.exceptions import ContentTooLarge, InvalidData
from ingest.models import DataEntry

PUBLISHED = "Data saved and published to Kafka."
PENDING = "Data saved; publication to Kafka is pending."
NOON = "2026-11-26T12:00:00Z"  # in examples


class DataInput(Input):
    """A record to keep and publish."""

    content = TextField(allow_blank=True, help_text="any text but U+0000")


class DataAcceptedOutput(serializers.Serializer[Any]):
    """A record that is kept. The message says "published" only when Kafka has acknowledged it."""

    id = serializers.IntegerField()
    message = serializers.CharField(help_text=f'"{PUBLISHED}" or "{PENDING}"')


@extend_schema_field(OpenApiTypes.STR)
class ContentField(serializers.ReadOnlyField):
    """The content as it is: whoever writes rows by SQL may keep other JSON than strings."""


@example({"id": 1, "content": "Hello, Kafka!", "created_at": NOON})
class DataOutput(RowOutput):
    """A record that was kept."""

    content = ContentField()

    class Meta:
        model = DataEntry
        fields: tuple[str, ...] = ("id", "content", "created_at")


@example({"id": 1, "content": "Hello, Kafka!", "created_at": NOON, "published_at": NOON, "refusal": ""})
class DataStatusOutput(DataOutput):
    """A record and how far it got: published_at is null while it waits for Kafka, or when Kafka refused it."""

    class Meta(DataOutput.Meta):
        fields = (*DataOutput.Meta.fields, "published_at", "refusal")


def contents_of(document: Any) -> list[str]:
    """Return the content of the object, or of each object in the array, that a body holds.

    Raises InvalidData or ContentTooLarge, naming the field and, in an array, its place.
    """
    if isinstance(document, dict):
        return [_content_of(document, "")]
    if not isinstance(document, list):
        raise InvalidData(
            'The body must be an object such as {"content": "text"}, or an array of them.', field="content"
        )
    if not 1 <= len(document) <= settings.INGEST_BULK_LIMIT:
        limit = settings.INGEST_BULK_LIMIT
        raise InvalidData(f"An array must have 1 to {limit} objects; this one has {len(document)}.", field="content")
    return [_content_of(item, f"{place}.") for place, item in enumerate(document)]


def _content_of(item: Any, place: str) -> str:
    field = f"{place}content"
    if not isinstance(item, dict):
        raise InvalidData(f'{place.rstrip(".")} must be an object such as {{"content": "text"}}.', field=field)
    if len(item) != 1 or "content" not in item:
        refuse_unknown(item, ["content"], place=place)
    if "content" not in item:
        raise InvalidData(f"{field} is missing.", field=field)
    content = item["content"]
    if not isinstance(content, str):
        raise InvalidData(f"{field} must be a string.", field=field)
    if "\0" in content:
        raise InvalidData(f"{field} has the character U+0000, which PostgreSQL cannot keep; take it out.", field=field)
    # A character takes at most 6 bytes, so that few contents have to be encoded to be measured.
    if len(content) * 6 > settings.INGEST_MAX_BYTES and len(orjson.dumps(content)) > settings.INGEST_MAX_BYTES:
        raise ContentTooLarge(f"{field} is larger than {settings.INGEST_MAX_BYTES} bytes as JSON.", field=field)
    return content
