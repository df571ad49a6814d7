"""Input and output of the registry's API."""

from typing import Any

from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.openapi import example
from config.api.serializers import RowOutput
from config.api.strict import FlagParameter, Input, Query, TextField
from metadata_registry.models import Metadata, MetadataEvent
from metadata_registry.payloads import SCHEMA, payload_errors

RECORD = {  # in examples
    "id": "01a2013a-35fa-7340-9747-f056543e763f",
    "registered_on": "2026-11-26T12:00:00Z",
    "name": "my-flights",
    "payload": '{"sourceName": "my-flights"}',
}


@extend_schema_field({"oneOf": [{"type": "string", "description": "its JSON text"}, SCHEMA]})
class PayloadField(serializers.Field[str, Any, str, Any]):
    """The text of a JSON object that keeps to the schema (PayloadParser has made a text of an object)."""

    default_error_messages = {"invalid": gettext_lazy("Give the payload as a JSON object, or as the text of one.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        errors: dict[str, list[str]] = {}
        for error in payload_errors(data):
            errors.setdefault(error.place or "non_field_errors", []).append(error.message)
        if errors:
            raise serializers.ValidationError(errors)
        return data


@extend_schema_field({"description": "ignored: the server's"})
class IgnoredField(serializers.Field[Any, Any, Any, Any]):
    """A member that may be sent, so that what GET shows can be sent back; nobody looks at it."""

    def __init__(self) -> None:
        super().__init__(required=False, write_only=True)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        raise serializers.SkipField


@example({"name": "my-flights", "payload": {"sourceName": "my-flights", "jobCluster": {"min_workers": 1}}})
class MetadataInput(Input):
    """What to register. `id` and `registered_on` are the server's."""

    name = TextField(max_length=255)
    payload = PayloadField()
    id = IgnoredField()
    registered_on = IgnoredField()


class MetadataQuery(Query):
    """Which records to list."""

    deleted = FlagParameter(default=False, help_text="the deleted ones, for the holder of a token")


class LatestQuery(Query):
    """Of which name to show the newest record."""

    name = TextField(max_length=255, help_text="the whole name")


@example(RECORD)
class MetadataOutput(RowOutput):
    """A record. The payload is the text that was given."""

    class Meta:
        model = Metadata
        fields: tuple[str, ...] = ("id", "registered_on", "name", "payload")


@example(RECORD)
class ListedMetadataOutput(MetadataOutput):
    """A record in a list; `deleted_at` is there with `deleted=true` only."""

    deleted_at = serializers.DateTimeField(required=False)

    class Meta(MetadataOutput.Meta):
        fields = (*MetadataOutput.Meta.fields, "deleted_at")


@example({"name": "my-flights", "records": 2, "newest": RECORD["id"]})
class NameOutput(RowOutput):
    """A name: how many live records it has, and the id of the one that was registered last."""

    records = serializers.IntegerField()
    newest = serializers.UUIDField()

    class Meta:
        model = Metadata
        fields = ("name", "records", "newest")


@example({"id": 1, "action": "created", "by": "ana", "at": RECORD["registered_on"]})
class EventOutput(RowOutput):
    """What happened to a record, when, and who did it: a token's subject, a login; blank without a token."""

    class Meta:
        model = MetadataEvent
        fields = ("id", "action", "by", "at")


@example({"valid": True})
class ValidOutput(serializers.Serializer[Any]):
    """The record could be registered."""

    valid = serializers.BooleanField()


@example({"deleted": 1})
class DeletedOutput(serializers.Serializer[Any]):
    """How many records were deleted: 1."""

    deleted = serializers.IntegerField()
