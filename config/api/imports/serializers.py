"""Input and output that the APIs of all imports share."""

from typing import Any

from rest_framework import serializers


def file_field(name: str, **options: Any) -> serializers.FileField:
    """Return the field of a form that has a file to import."""
    errors: Any = dict.fromkeys(("required", "invalid", "no_name"), f"Send the file as the form's field `{name}`.")
    return serializers.FileField(allow_empty_file=True, error_messages=errors, **options)


class CountsOutput(serializers.Serializer[Any]):
    """What became of a file's rows: read = inserted + updated + unchanged + rejected."""

    read = serializers.IntegerField()
    inserted = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="blank lines")


class ReasonOutput(serializers.Serializer[Any]):
    """One thing that is wrong with a row."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
