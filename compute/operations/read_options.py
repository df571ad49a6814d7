"""Options of a request that say how to read a file: the object `read`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from compute.operations.cell_types import Reading


@dataclass(frozen=True)
class ReadOptions:
    """`null_values`: texts for missing values; `types`: types of untyped columns."""

    null_values: tuple[str, ...] = ()
    types: Mapping[str, Reading] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return the options that a request gives as JSON, checked by its serializer."""
        return cls(
            tuple(given.get("null_values", [])),
            {column: Reading(type_) for column, type_ in given.get("types", {}).items()},
        )
