"""The object `read` of a request: how to read its file."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from compute.files.errors import ComputeError
from compute.operations.cell_types import Reading
from compute.reading.options import OnBadRows, ReadOptions
from config.api.strict import FlagField, Input, TextField, WholeField, WordField
from config.core.json import InvalidJson, TooDeep, loads


class ReadInput(Input):
    """How to read a file. What is left out is detected, and told in the answer; notation and null texts are never guessed."""

    encoding = TextField(required=False, max_length=40, help_text="of text, such as cp1252; XML names its own")
    delimiter = TextField(
        required=False, max_length=1, help_text="between cells of CSV; one of , ; | and tab is detected"
    )
    quote = TextField(
        required=False, max_length=1, allow_blank=True, help_text="around cells, '\"' by default; blank: none"
    )
    escape = TextField(
        required=False, max_length=1, allow_blank=True, help_text="before a quote in a cell; blank: none"
    )
    header = FlagField(
        required=False, help_text="false: the first row is data, columns are called column_1, column_2, …"
    )
    skip_rows = WholeField(required=False, min_value=0, max_value=100_000, help_text="lines before the header")
    comment = TextField(required=False, max_length=1, help_text="with which lines begin that are no rows")
    decimal = WordField(
        choices=[".", ","], required=False, help_text="the decimal mark of numbers in text; default: a point"
    )
    thousands = WordField(
        choices=[",", ".", " ", "\u00a0", "\u202f", "'", "_"], required=False, help_text="what groups their digits"
    )
    on_bad_rows = WordField(
        choices=[each.value for each in OnBadRows],
        required=False,
        help_text="rows with too few or too many cells, or quotes that do not fit: error (default); skip: leave them out and"
        " tell; pad: fill up those with too few cells, and leave the others out",
    )
    record = TextField(
        required=False, max_length=1000, help_text="path of the records in JSON or XML, such as data.items"
    )
    sheet = TextField(required=False, max_length=100, help_text="of a workbook; default: the first")
    null_values = serializers.ListField(
        child=TextField(max_length=100, allow_blank=True),
        required=False,
        max_length=100,
        help_text="texts that stand for missing values, such as NA; blank text and NaN always do",
    )
    types = serializers.DictField(
        child=WordField(choices=[Reading.TEXT.value, Reading.NUMBER.value]),
        required=False,
        help_text="columns of text or JSON that are text, or numbers, whatever their values look like",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            ReadOptions.of(attrs).check()
        except ComputeError as error:
            raise serializers.ValidationError({error.field.removeprefix("read."): error.detail}) from error
        return attrs


def read_of(validated: Mapping[str, Any]) -> dict[str, Any]:
    """Return how to read the file, of validated input: what says something, since the same request has the same answer."""
    return {name: value for name, value in validated.get("read", {}).items() if value not in ([], {})}


class ReadParameter(TextField):
    """The object `read` as JSON text."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            given = loads(super().to_internal_value(data))
        except (InvalidJson, TooDeep) as error:
            raise serializers.ValidationError(f"Write a JSON object: {error}.") from error
        if not isinstance(given, dict):
            raise serializers.ValidationError("Write a JSON object.")
        serializer = ReadInput(data=given)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
