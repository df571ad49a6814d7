"""What serializers of outputs share."""

from typing import Any

from rest_framework import serializers


class RowOutput(serializers.ModelSerializer[Any]):
    """Rows that a selector reads in the very shape of the output: the fields document them, and cost nothing."""

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        return instance
