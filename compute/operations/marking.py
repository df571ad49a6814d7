"""Let an operation mean columns by their marks, which tell names apart that differ only in case (compute/files/twins.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from compute.operations.arrangement import Arrangement
from compute.operations.base import Operation
from compute.operations.group_by import Aggregation

Marked = TypeVar("Marked", bound=Operation)


def with_marks(operation: Marked, marks: Mapping[str, str]) -> Marked:
    """Return the operation on the columns that the request means; `marks` are the marked names by those of the file."""
    if not marks:
        return operation
    given: Any = operation
    found = {field.name: _marked(field.name, getattr(given, field.name), marks) for field in fields(given)}
    if "arrangement" in found:
        found["arrangement"] = _arranged(given.arrangement, marks, getattr(given, "aggregations", {}))
    return replace(given, **found)  # type: ignore[no-any-return]


def _marked(name: str, value: Any, marks: Mapping[str, str]) -> Any:
    match name:
        case "by" | "columns":
            return [marks.get(column, column) for column in value]
        case "column":
            return marks.get(value, value)
        case "aggregations":
            return {marks.get(column, column): asked for column, asked in value.items()}
        case "conditions":
            return [replace(each, column=marks.get(each.column, each.column)) for each in value]
    return value


def _arranged(
    value: Arrangement, marks: Mapping[str, str], aggregations: Mapping[str, Sequence[Aggregation]]
) -> Arrangement:
    """A column of a result is one of the file, or an aggregation of one."""
    outputs = {
        f"{column}_{each}": f"{marks.get(column, column)}_{each}"
        for column, all_ in aggregations.items()
        for each in all_
    }
    known = outputs | dict(marks)
    return replace(
        value, orders=tuple(replace(each, column=known.get(each.column, each.column)) for each in value.orders)
    )
