"""Input that says which rows an operation computes on, and how its result is arranged."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from compute.operations.where import SIGNS, Comparison
from config.api.strict import FlagField, Input, TextField, WordField

MOST_CONDITIONS = 100
MOST_VALUES = 1000
MOST_ORDERS = 10
MOST_TEXT = 1000  # characters of a value
SCALAR = {"oneOf": [{"type": "string", "maxLength": MOST_TEXT}, {"type": "number"}, {"type": "boolean"}]}
WRONG_LIST: dict[str, Any] = {
    "not_a_list": "Give a list of JSON objects.",
    "max_length": "Give a list of at most {max_length} objects.",
}
WRONG_VALUE = {
    Comparison.IN: f"Give 1 to {MOST_VALUES} texts, or as many numbers.",
    Comparison.CONTAINS: "Give the text that a cell must have in it.",
    Comparison.IS_NULL: "Give true, or false for the cells that have a value.",
}


@extend_schema_field(
    {"oneOf": [*SCALAR["oneOf"], {"type": "array", "items": SCALAR, "minItems": 1, "maxItems": MOST_VALUES}]}
)
class ValueField(serializers.JSONField):
    """A text, a number or a boolean, or several of one kind."""


class ConditionInput(Input):
    """A condition that a row must fit: numbers are compared as numbers, texts by their characters."""

    column = TextField(max_length=1000)
    op = WordField(choices=[*Comparison, *SIGNS], help_text="how a cell is compared; a missing cell fits is_null only")
    value = ValueField(required=False, help_text="a list with in; may be left out with is_null, which is then true")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        op = SIGNS.get(attrs["op"]) or Comparison(attrs["op"])
        if op != Comparison.IS_NULL and "value" not in attrs:
            raise serializers.ValidationError({"value": "Give a value to compare with."})
        if not _fits(op, attrs.get("value", True)):
            wrong = WRONG_VALUE.get(op, f"Give a text of at most {MOST_TEXT} characters, a number, true or false.")
            raise serializers.ValidationError({"value": wrong})
        return attrs


class OrderInput(Input):
    """A column of the result that its rows are sorted by; missing values come last."""

    column = TextField(max_length=1000)
    descending = FlagField(default=False)


def where_field() -> serializers.ListSerializer[Any]:
    """Return the field `where`."""
    return serializers.ListSerializer(
        child=ConditionInput(),
        required=False,
        max_length=MOST_CONDITIONS,
        error_messages=WRONG_LIST,
        help_text="only rows that fit all of these are computed on",
    )


def sort_field() -> serializers.ListSerializer[Any]:
    """Return the field `sort`."""
    return serializers.ListSerializer(
        child=OrderInput(),
        required=False,
        max_length=MOST_ORDERS,
        error_messages=WRONG_LIST,
        help_text="what the result is sorted by",
    )


def _fits(op: Comparison, value: Any) -> bool:
    match op:
        case Comparison.IN:
            is_list = isinstance(value, list) and 0 < len(value) <= MOST_VALUES and all(map(_is_scalar, value))
            return is_list and len({isinstance(each, str) + 2 * isinstance(each, bool) for each in value}) == 1
        case Comparison.CONTAINS:
            return isinstance(value, str) and value != "" and _is_scalar(value)
        case Comparison.IS_NULL:
            return isinstance(value, bool)
    return _is_scalar(value)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= MOST_TEXT and "\0" not in value)
