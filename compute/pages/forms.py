"""The form of a file's page: which operation, on which columns."""

from typing import Any

from django import forms

from compute.api.serializers import FileInput, GroupByInput, NonNullInput, ProfileInput, StatsInput
from compute.jobs import services
from compute.models import Job
from compute.operations.where import Comparison
from compute.pages.tables import NUMBER, ColumnKind

INPUTS: dict[str, type[FileInput]] = {
    Job.Operation.GROUP_BY: GroupByInput,
    Job.Operation.NON_NULL: NonNullInput,
    Job.Operation.STATS: StatsInput,
    Job.Operation.PROFILE: ProfileInput,
}
NOT_NULL = "not_null"
COMPARISONS = {
    Comparison.EQUAL: "=",
    Comparison.NOT_EQUAL: "≠",
    Comparison.LESS: "<",
    Comparison.AT_MOST: "≤",
    Comparison.GREATER: ">",
    Comparison.AT_LEAST: "≥",
    Comparison.CONTAINS: "containing",
    Comparison.IS_NULL: "missing",
    NOT_NULL: "not missing",
}
CHOOSE_OPERATION = "Choose an operation."
PLAIN_MESSAGES = {"required": "Choose at least one column.", "empty": "Choose at least one column."}


class TickedField(forms.MultipleChoiceField):
    """Checkboxes for the file's columns, which the page knows and the form does not."""

    def valid_value(self, value: Any) -> bool:
        """Leave it to the operation's serializer and the file."""
        return True


class OperationForm(forms.Form):
    """Which operation on which columns, checked by the serializer that checks the API's requests."""

    operation = forms.ChoiceField(
        choices=[(each, each) for each in INPUTS],
        initial=Job.Operation.GROUP_BY,
        error_messages={"required": CHOOSE_OPERATION, "invalid_choice": CHOOSE_OPERATION},
    )
    by = TickedField(required=False, initial=list)
    columns = TickedField(required=False, initial=list)
    aggregation = TickedField(required=False, initial=list)  # such as mean:price
    where_column = forms.CharField(required=False)  # such as number:price
    where_op = forms.ChoiceField(choices=list(COMPARISONS.items()), required=False)
    where_value = forms.CharField(required=False, strip=False)
    output_format = forms.CharField(required=False)
    fresh = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, file_path: str, input_format: str, read: dict[str, Any], sub: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._file = {"file_path": file_path, "input_format": input_format}
        self._read = read
        self._sub = sub
        self._parameters: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        """Check what was chosen as the API would."""
        chosen = super().clean() or self.cleaned_data
        if {"operation", "output_format"} <= chosen.keys():
            document = {
                **self._file, "output_format": chosen["output_format"], "by": chosen["by"], "columns": chosen["columns"],
                "aggregations": _by_column(chosen["aggregation"]), "read": self._read, "where": _where(chosen),
            }  # fmt: skip
            serializer = INPUTS[chosen["operation"]](data={key: value for key, value in document.items() if value})
            if serializer.is_valid():
                self._parameters = serializer.parameters()
            for name, errors in serializer.errors.items():
                text = _first_message(errors)
                self.add_error(None, text if name in ("by", "columns") else f"{name}: {text}")
        return chosen

    def request(self) -> services.Request:
        """Return the request that a valid form makes."""
        return services.Request(
            operation=self.cleaned_data["operation"],
            parameters=self._parameters,
            output_format=self.cleaned_data["output_format"],
            sub=self._sub,
            sees_all=True,
            **self._file,
        )


def _where(chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """The condition that was chosen: with a number as value where the column seems to hold numbers and this is one."""
    kind, _, column = chosen["where_column"].partition(":")
    if not column:
        return []
    value, op = chosen.get("where_value", ""), chosen.get("where_op", "")
    if op == NOT_NULL:
        return [{"column": column, "op": Comparison.IS_NULL, "value": False}]
    if op == Comparison.IS_NULL:
        return [{"column": column, "op": op}]
    is_number = kind == ColumnKind.NUMBER and op != Comparison.CONTAINS and NUMBER.fullmatch(value)
    return [{"column": column, "op": op, "value": float(value) if is_number else value}]


def _by_column(chosen: list[str]) -> dict[str, list[str]]:
    aggregations: dict[str, list[str]] = {}
    for each in chosen:
        name, _, column = each.partition(":")
        aggregations.setdefault(column, []).append(name)
    return aggregations


def _first_message(errors: Any) -> str:
    while not isinstance(errors, str):
        errors = next(iter(errors.values())) if isinstance(errors, dict) else errors[0]
    return PLAIN_MESSAGES.get(getattr(errors, "code", ""), str(errors))
