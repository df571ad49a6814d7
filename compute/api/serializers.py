"""Input and output of compute's API. Inputs and outputs are separate classes, so that OpenAPI names are stable."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from compute.api.read_serializers import ReadInput, ReadParameter, read_of
from compute.api.row_serializers import sort_field, where_field
from compute.files.formats import OUTPUTS, Format, format_of
from compute.files.storage import StoredFile
from compute.models import Job
from compute.operations.group_by import Aggregation
from config.api.openapi import example
from config.api.strict import (
    DistinctListField,
    FlagField,
    FlagParameter,
    Input,
    NumberParameter,
    Query,
    TextField,
    WholeField,
    WordField,
)
from config.core.kept_texts import translated

MAX_COLUMNS = 1000
OF_THE_FILE = ("file_path", "input_format", "output_format", "read", "Authorization")
FORMATS = [(format_.value, format_.value) for format_ in Format]
OUTPUT_FORMATS = [(format_.value, format_.value) for format_ in OUTPUTS]
NOON = "2026-11-26T12:00:00Z"  # in examples
RESULT = {
    "file_path": "results/sales-stats-6a5d4758f5e3.csv", "rows": 1, "columns": ["column", "mean"],
    "read_as": {"price": "number"}, "read": {"encoding": "utf-8", "delimiter": ",", "quote": '"', "header": True},
    "guessed": [], "rows_left_out": 0, "left_out": [], "job": 1,
}  # fmt: skip


def _names(*, required: bool = True) -> serializers.ListField:
    name = TextField(max_length=1000)
    return DistinctListField(
        child=name, required=required, min_length=int(required), max_length=MAX_COLUMNS, help_text="names of columns"
    )


class FileInput(Input):
    """Input of every operation: the file, how to read it, and the formats."""

    file_path = TextField(max_length=4096, help_text="below COMPUTE_ROOT")
    input_format = WordField(
        choices=FORMATS, required=False, help_text="where neither the file's name nor its content says"
    )
    output_format = WordField(choices=OUTPUT_FORMATS, required=False, help_text="default: the input's, or CSV")
    read = ReadInput(required=False)
    where = where_field()
    Authorization = TextField(
        required=False, write_only=True, help_text="the token, where it cannot be sent as a header"
    )

    def parameters(self) -> dict[str, Any]:
        """Return what is the operation's own, and how to read the file."""
        own = {key: value for key, value in self.validated_data.items() if key not in OF_THE_FILE}
        read = read_of(self.validated_data)
        return own | ({"read": read} if read else {})


class ArrangedInput(FileInput):
    """Input of an operation whose result can be sorted and cut off."""

    sort = sort_field()
    limit = WholeField(required=False, min_value=1, max_value=2**31 - 1, help_text="so many rows of the result at most")

    def validate_sort(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({order["column"] for order in orders}) < len(orders):
            raise serializers.ValidationError("Name each column once.")
        return orders


@example({"file_path": "sales.csv", "by": ["shop"], "aggregations": {"price": ["mean", "sum"]}})
class GroupByInput(ArrangedInput):
    """One row per distinct combination of `by`, or, without `by`, one row of the whole file."""

    by = _names(required=False)
    aggregations = serializers.DictField(
        child=DistinctListField(child=WordField(choices=[each.value for each in Aggregation])),
        default=dict,
        help_text="by column, default count; nothing at all: the number of rows",
    )

    def validate_aggregations(self, asked: dict[str, list[str]]) -> dict[str, list[str]]:
        if len(asked) > MAX_COLUMNS:
            raise serializers.ValidationError(f"At most {MAX_COLUMNS} columns.")
        return asked

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("by") and not any(attrs["aggregations"].values()):
            said = "Name at least one column, or say in aggregations what to compute of the whole file."
            raise serializers.ValidationError({"by": said})
        return {"by": []} | attrs


@example({"file_path": "sales.csv", "columns": ["price"]})
class NonNullInput(ArrangedInput):
    """The rows in which all of `columns` have a value; `columns` may be left out beside `where`, `sort` or `limit`."""

    columns = _names(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("columns") and not any(attrs.get(name) for name in ("where", "sort", "limit")):
            said = "Name at least one column, or say with where, sort or limit which rows you want."
            raise serializers.ValidationError({"columns": said})
        return {"columns": []} | attrs


@example({"file_path": "sales.csv"})
class ProfileInput(FileInput):
    """What each of `columns`, or of all columns, holds."""

    columns = _names(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"columns": []} | attrs


@example({"file_path": "sales.csv", "columns": ["price"], "by": ["shop"]})
class StatsInput(ArrangedInput):
    """Statistics of each of `columns`, over all rows or for each combination of `by`."""

    columns = _names()
    by = _names(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"by": []} | attrs


class BadRowOutput(serializers.Serializer[Any]):
    """A row that was left out."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    reason = serializers.CharField()


@example(RESULT)
class ResultOutput(serializers.Serializer[Any]):
    """Result of a finished job."""

    file_path = serializers.CharField(source="result_path", help_text="below COMPUTE_ROOT")
    rows = serializers.IntegerField(source="rows_out")
    columns = serializers.SerializerMethodField()
    read_as = serializers.SerializerMethodField()
    read = serializers.SerializerMethodField()
    guessed = serializers.SerializerMethodField()
    rows_left_out = serializers.SerializerMethodField()
    left_out = serializers.SerializerMethodField()
    job = serializers.IntegerField(source="pk")

    def get_columns(self, job: Job) -> list[str]:
        """The result's columns, in order."""
        return [name for name, _ in job.columns or []]

    def get_read_as(self, job: Job) -> dict[str, str]:
        """As what each column that was asked for was read: integer, number, text, or the file's own type."""
        return job.read_as or {}

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_read(self, job: Job) -> dict[str, Any]:
        """How the file was read, as detected and as asked for; it can be sent as `read`."""
        return dict((job.reading or {}).get("read", {}))

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_guessed(self, job: Job) -> list[str]:
        """What of `read` is no more than a guess."""
        return list((job.reading or {}).get("guessed", []))

    def get_rows_left_out(self, job: Job) -> int:
        """How many bad rows were left out."""
        return int((job.reading or {}).get("rows_left_out", 0))

    @extend_schema_field(BadRowOutput(many=True))
    def get_left_out(self, job: Job) -> list[dict[str, Any]]:
        """The first hundred of them."""
        return list((job.reading or {}).get("left_out", []))


class JobErrorOutput(serializers.Serializer[Any]):
    """Why a job failed or was cancelled."""

    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField()


@example(
    {
        "id": 1, "status": "done", "progress": 1.0, "operation": "stats", "parameters": {"columns": ["price"], "by": []},
        "file_path": "sales.csv", "input_format": "csv", "input_bytes": 31, "output_format": "", "engine": "duckdb",
        "sub": "api-token", "attempts": 1, "rows_in": 2, "rows_out": 1, "result": RESULT, "error": None, "created_at": NOON,
        "started_at": NOON, "finished_at": NOON,
    }
)  # fmt: skip
class JobOutput(serializers.ModelSerializer[Job]):
    """One job."""

    result = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id", "status", "progress", "operation", "parameters", "file_path", "input_format", "input_bytes", "output_format",
            "engine", "sub", "attempts", "rows_in", "rows_out", "result", "error", "created_at", "started_at", "finished_at",
        )  # fmt: skip

    @extend_schema_field(ResultOutput(allow_null=True))
    def get_result(self, job: Job) -> dict[str, Any] | None:
        return ResultOutput(job).data if job.status == Job.Status.DONE else None

    @extend_schema_field(JobErrorOutput(allow_null=True))
    def get_error(self, job: Job) -> dict[str, str] | None:
        if not job.error:
            return None
        return {"code": job.error_code or job.status, "detail": translated(job.error), "field": job.error_field}


@example({"file_path": "sales.csv", "bytes": 31, "modified_at": NOON, "format": "csv"})
class FileOutput(serializers.Serializer[StoredFile]):
    """A file below COMPUTE_ROOT."""

    file_path = serializers.CharField(source="path")
    bytes = serializers.IntegerField()
    modified_at = serializers.DateTimeField(default_timezone=None)
    format = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=FORMATS, allow_null=True))
    def get_format(self, file: StoredFile) -> str | None:
        """What its name says that it is."""
        return format_of(file.path)


class ColumnOutput(serializers.Serializer[Any]):
    """A column of a preview; the type is text where the format has none."""

    name = serializers.CharField()
    type = serializers.CharField()


@example(
    {
        "file_path": "sales.csv", "columns": [{"name": "shop", "type": "text"}], "rows": [{"shop": "Nice"}],
    }
)  # fmt: skip
class PreviewOutput(serializers.Serializer[Any]):
    """A file's columns and first rows."""

    file_path = serializers.CharField()
    columns = ColumnOutput(many=True)
    rows = serializers.ListField(child=serializers.DictField())


class UploadInput(Input):
    """An upload as a form; `file_path` gives it another name than the uploaded file has."""

    file = serializers.FileField(
        allow_empty_file=True,
        error_messages=dict.fromkeys(("required", "invalid"), "Send the file as the form's field `file`."),
    )
    file_path = TextField(required=False, allow_blank=True, max_length=4096)


@example({"to": "2026/november/sales.csv"})
class RenameInput(Input):
    """The new path of a file, below COMPUTE_ROOT; where there is a file already, `overwrite` replaces it."""

    to = TextField(max_length=4096)
    overwrite = FlagField(default=False)


class UploadQuery(Query):
    """Return whether to replace an existing file."""

    overwrite = FlagParameter(default=False, help_text="true: replace the file that is there")


class PreviewQuery(Query):
    """What to show of a file."""

    rows = NumberParameter(default=20, least=1, most=1000, help_text="the first so many")
    read = ReadParameter(required=False, help_text="how to read it: the object `read` of the operations, as JSON text")
    input_format = WordField(choices=FORMATS, required=False, help_text="where the file's name does not say")
