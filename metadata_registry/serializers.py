"""Input and output of the registry's API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from metadata_registry.models import Metadata
from metadata_registry.payloads import SCHEMA, faults_of


class TextField(serializers.CharField):
    """A string, as it was given: a number is not taken for one, and no space is cut off."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"oneOf": [{"type": "string", "description": "its JSON text"}, SCHEMA]})
class PayloadField(serializers.Field[str, Any, str, Any]):
    """The text of a JSON object that keeps to the schema (PayloadParser has made a text of an object)."""

    default_error_messages = {"invalid": "Give the payload as a JSON object, or as the text of one."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        faults: dict[str, list[str]] = {}
        for fault in faults_of(data):
            faults.setdefault(fault.place or "non_field_errors", []).append(fault.message)
        if faults:
            raise serializers.ValidationError(faults)
        return data


class MetadataInput(serializers.Serializer[Any]):
    """What to register. `id` and `registered_on` are the server's."""

    name = TextField(max_length=255)
    payload = PayloadField()


class MetadataQuery(serializers.Serializer[Any]):
    """Which records to list."""

    name = TextField(required=False, help_text="only those of exactly this name")
    deleted = serializers.ChoiceField(
        choices=["true", "false"], default="false", help_text="the deleted ones, for the holder of a token"
    )


class MetadataOutput(serializers.ModelSerializer[Metadata]):
    """A record. The payload is the text that was given."""

    class Meta:
        model = Metadata
        fields: tuple[str, ...] = ("id", "registered_on", "name", "payload")


class ListedMetadataOutput(MetadataOutput):
    """A record in a list; `deleted_at` is there with `deleted=true` only."""

    deleted_at = serializers.DateTimeField(required=False, read_only=True)

    class Meta(MetadataOutput.Meta):
        fields = (*MetadataOutput.Meta.fields, "deleted_at")


class DeletedOutput(serializers.Serializer[Any]):
    """How many records were deleted: 1."""

    deleted = serializers.IntegerField()
