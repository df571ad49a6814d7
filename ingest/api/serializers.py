"""Input and output of ingest's API, as documented; what reads a body is `entry_input`."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.openapi import example
from config.api.serializers import RowOutput
from config.api.strict import Input, TextField
from ingest.api.entry_input import MOST_KEY_BYTES
from ingest.models import DataEntry

PUBLISHED = "Data saved and published to Kafka."
PENDING = "Data saved; publication to Kafka is pending."
NOON = "2026-11-26T12:00:00Z"  # in examples


class DataInput(Input):
    """A record to keep and publish."""

    content = TextField(allow_blank=True, help_text="any text but U+0000")
    key = TextField(
        required=False, max_length=MOST_KEY_BYTES, help_text="of the record; KAFKA_KEY's, where none is given"
    )
    headers = serializers.DictField(
        child=TextField(allow_blank=True), required=False, allow_empty=True, help_text="of the record, besides ours"
    )


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
    """A record and how far it got: published_at is null while it waits for Kafka, or when Kafka refused it.

    `key` and `headers` are there where they were given.
    """

    key = serializers.CharField(required=False)
    headers = serializers.DictField(child=serializers.CharField(), required=False)

    class Meta(DataOutput.Meta):
        fields = (*DataOutput.Meta.fields, "published_at", "refusal", "key", "headers")


class LineErrorOutput(serializers.Serializer[Any]):
    """What is wrong with a line."""

    line = serializers.IntegerField()
    field = serializers.CharField()
    message = serializers.CharField()


class LinesAcceptedOutput(serializers.Serializer[Any]):
    """What became of the lines of a body. Ids ascend with the lines; others' entries may be between them."""

    lines = serializers.IntegerField(help_text="how many came, blank ones included")
    kept = serializers.IntegerField()
    published = serializers.IntegerField(help_text="of those kept: what Kafka has acknowledged")
    rejected = serializers.IntegerField()
    errors = LineErrorOutput(  # type: ignore[assignment] # DRF takes the field from the class
        many=True, help_text="of the first hundred that were rejected"
    )
    first_id = serializers.IntegerField()
    last_id = serializers.IntegerField()
