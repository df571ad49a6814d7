"""Base of output serializers."""

from typing import Any

from rest_framework import serializers


class _RowList(serializers.ListSerializer[Any]):
    def to_representation(self, data: Any) -> list[Any]:
        return list(data)


class RowOutput(serializers.ModelSerializer[Any]):
    """Output of rows that a selector reads in the output's shape: fields only document them, which costs nothing."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.Meta.list_serializer_class = _RowList

    @property
    def data(self) -> Any:
        return self.instance
