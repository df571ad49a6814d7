"""What somebody asks of a file with the form of its page, checked as the API checks it."""

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from compute.api.serializers import FileInput, GroupByInput, NonNullInput, StatsInput
from compute.jobs import services
from compute.models import Job

INPUTS: dict[str, type[FileInput]] = {
    Job.Operation.GROUP_BY: GroupByInput,
    Job.Operation.NON_NULL: NonNullInput,
    Job.Operation.STATS: StatsInput,
}
IN_WORDS = {"required": "Choose at least one column.", "empty": "Choose at least one column."}


@dataclass(frozen=True)
class OperationForm:
    """What was chosen, as it came; `errors` says of each field what is wrong with it."""

    operation: str = Job.Operation.GROUP_BY
    by: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    aggregations: list[str] = field(default_factory=list)  # such as mean:price
    output_format: str = ""
    is_fresh: bool = False
    errors: dict[str, str] = field(default_factory=dict)


def read_form(post: QueryDict) -> OperationForm:
    """Return what a form says."""
    return OperationForm(
        operation=post.get("operation", ""),
        by=post.getlist("by"),
        columns=post.getlist("columns"),
        aggregations=post.getlist("aggregation"),
        output_format=post.get("output_format", ""),
        is_fresh="fresh" in post,
    )


def request_of(
    form: OperationForm, *, file_path: str, input_format: str, sub: str
) -> services.Request | dict[str, str]:
    """Return the request that a form makes, or what is wrong with each field of it."""
    if form.operation not in INPUTS:
        return {"operation": "Choose an operation."}
    document = {
        "file_path": file_path, "input_format": input_format, "output_format": form.output_format,
        "by": form.by, "columns": form.columns, "aggregations": _by_column(form.aggregations),
    }  # fmt: skip
    checked = INPUTS[form.operation](data={key: value for key, value in document.items() if value})
    if not checked.is_valid():
        return {name: _in_words(found) for name, found in checked.errors.items()}
    return services.Request(
        operation=form.operation,
        parameters=checked.parameters(),
        file_path=file_path,
        input_format=input_format,
        output_format=form.output_format,
        sub=sub,
    )


def _by_column(chosen: list[str]) -> dict[str, list[str]]:
    aggregations: dict[str, list[str]] = {}
    for each in chosen:
        name, _, column = each.partition(":")
        aggregations.setdefault(column, []).append(name)
    return aggregations


def _in_words(found: Any) -> str:
    """The first thing that is wrong."""
    while not isinstance(found, str):
        found = next(iter(found.values())) if isinstance(found, dict) else found[0]
    return IN_WORDS.get(getattr(found, "code", ""), str(found))
