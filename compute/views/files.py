"""The files below COMPUTE_ROOT."""

from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode

from django.http import FileResponse, HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from compute.exceptions import LengthRequired
from compute.formats import Format, format_of
from compute.models import Job
from compute.serializers import FileOutput, JobOutput, PreviewOutput, UploadInput
from compute.services.files import store_upload
from compute.services.jobs import Request as JobRequest
from compute.storage import StoredFile, storage
from compute.uploads import ArrivedFile, RawParser, ToScratch, WholeFormParser, chunks_of
from compute.views.base import PREFER, ComputeView, settled_job, under_way
from config.common.authentication import subject_of
from config.common.json import dumps
from config.common.pagination import MAX_LIMIT

OVERWRITE = OpenApiParameter("overwrite", bool, description="true: replace the file that is there")
FILE_PATH = OpenApiParameter("file_path", str, OpenApiParameter.PATH, description="below COMPUTE_ROOT")
CONTENT_TYPES = {
    Format.CSV: "text/csv", Format.TSV: "text/tab-separated-values", Format.JSON: "application/json",
    Format.JSONL: "application/x-ndjson", Format.XML: "application/xml", Format.PARQUET: "application/vnd.apache.parquet",
}  # fmt: skip


class FileListView(ComputeView):
    """`GET`, `POST /compute/files`."""

    parser_classes = (WholeFormParser,)

    @extend_schema(
        operation_id="list_files",
        responses=FileOutput(many=True),
        parameters=[OpenApiParameter("limit", int), OpenApiParameter("cursor", str)],
        tags=["compute"],
    )
    def get(self, request: Request) -> Response:
        """List the files there are, by path."""
        limit = _number(request, "limit", default=100, most=MAX_LIMIT)
        found = list(islice(storage().files(after=request.query_params.get("cursor", "")), limit + 1))
        rows = [_described(file) for file in found[:limit]]
        headers = {}
        if len(found) > limit:
            page = urlencode({"limit": limit, "cursor": rows[-1]["file_path"]})
            headers["Link"] = f'<{request.build_absolute_uri(request.path)}?{page}>; rel="next"'
        return Response(FileOutput(rows, many=True).data, headers=headers)

    @extend_schema(
        operation_id="upload_form", request={"multipart/form-data": UploadInput}, responses={201: FileOutput},
        parameters=[OVERWRITE], tags=["compute"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Upload a file as a form."""
        handler = ToScratch(request._request)  # noqa: SLF001 - DRF has no public way to the handlers
        request._request.upload_handlers = [handler]  # noqa: SLF001
        try:
            form: Any = request.data
            file = form.get("file")
            if not isinstance(file, ArrivedFile):
                raise ValidationError({"file": "Send the file as the form's field `file`."})
            path = storage().upload_path(form.get("file_path") or file.name or "", field="file_path")
            kept = file.upload.keep(path, overwrite=_overwrite(request))
        finally:
            handler.discard()
        return _created(kept)


class FileView(ComputeView):
    """`GET`, `PUT /compute/files/{path}`."""

    parser_classes = (RawParser,)

    @extend_schema(
        operation_id="download_file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        parameters=[FILE_PATH], tags=["compute"],
    )  # fmt: skip
    def get(self, request: Request, file_path: str) -> HttpResponseBase:
        """Download a file: an upload or a result."""
        file = storage().existing_file(file_path, field="file_path")
        name = PurePosixPath(file.path).name
        format_ = None if name.endswith(".gz") else format_of(name)
        content_type = CONTENT_TYPES.get(format_, "application/octet-stream") if format_ else "application/octet-stream"
        return FileResponse(storage().open(file), as_attachment=True, filename=name, content_type=content_type)

    @extend_schema(
        operation_id="upload_file", request={"application/octet-stream": OpenApiTypes.BINARY}, responses={201: FileOutput},
        parameters=[FILE_PATH, OVERWRITE], tags=["compute"],
    )  # fmt: skip
    def put(self, request: Request, file_path: str) -> Response:
        """Upload a file as the bare body."""
        announced = request.headers.get("Content-Length", "")
        if not announced.isdigit():
            raise LengthRequired("Say how long the file is: Content-Length.")
        kept = store_upload(
            file_path=file_path,
            chunks=chunks_of(request.data),
            announced_bytes=int(announced),
            overwrite=_overwrite(request),
        )
        return _created(kept)


class PreviewView(ComputeView):
    """`GET /compute/files/{path}/preview`."""

    @extend_schema(
        operation_id="preview_file", responses={200: PreviewOutput, 202: JobOutput},
        parameters=[FILE_PATH, PREFER, OpenApiParameter("rows", int), OpenApiParameter("input_format", str)], tags=["compute"],
    )  # fmt: skip
    def get(self, request: Request, file_path: str) -> HttpResponseBase:
        """Show a file's columns and first rows."""
        asked = JobRequest(
            operation=Job.Operation.PREVIEW,
            parameters={"rows": _number(request, "rows", default=20, most=1000)},
            file_path=file_path,
            input_format=_format(request),
            output_format=Format.JSON,
            sub=subject_of(request),
        )
        job = settled_job(request, asked)
        return under_way(job) if job.status != Job.Status.DONE else _preview(job)


def _preview(job: Job) -> HttpResponse:
    """The rows go out as the engine wrote them: integers beyond 64 bits survive."""
    columns = [{"name": name, "type": type_} for name, type_ in job.columns or []]
    with storage().open(storage().existing_file(job.result_path, field="file_path")) as file:
        rows = file.read()
    head = dumps({"file_path": job.file_path, "columns": columns})
    return HttpResponse(head[:-1] + b',"rows":' + rows + b"}", content_type="application/json")


def _described(file: StoredFile) -> dict[str, Any]:
    return {
        "file_path": file.path,
        "bytes": file.bytes,
        "modified_at": file.modified_at,
        "format": format_of(file.path),
    }


def _created(file: StoredFile) -> Response:
    location = f"/api/compute/files/{quote(file.path)}"
    return Response(FileOutput(_described(file)).data, status=201, headers={"Location": location})


def _overwrite(request: Request) -> bool:
    return request.query_params.get("overwrite", "").lower() == "true"


def _format(request: Request) -> str:
    text = request.query_params.get("input_format", "")
    if text and text not in list(Format):
        raise ValidationError({"input_format": f"input_format must be one of {', '.join(Format)}."})
    return text


def _number(request: Request, name: str, *, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise ValidationError({name: f"{name} must be a whole number from 1 to {most}."})
    return int(text)
