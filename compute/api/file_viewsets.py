"""Viewset of the files below COMPUTE_ROOT."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from compute.api.base import ComputeMixin, settled_job, under_way
from compute.api.pagination import FilePagination
from compute.api.read_serializers import read_of
from compute.api.serializers import (
    FileOutput,
    JobOutput,
    PreviewOutput,
    PreviewQuery,
    RenameInput,
    UploadInput,
    UploadQuery,
)
from compute.exceptions import FileMissing, LengthRequired, NotAFile
from compute.files.downloads import BINARY, etag_of_file, file_response
from compute.files.formats import Format
from compute.files.ownership import readable_file, readable_files
from compute.files.services import delete_file, rename_file, store_upload
from compute.files.storage import StoredFile, storage
from compute.files.uploads import RawParser, chunks_of, received_form
from compute.jobs.services import Request as JobRequest
from compute.models import Job
from config.api.conditional import require_if_match
from config.api.openapi import PREFER, RANGE
from config.api.parsers import CompleteFormParser
from config.api.strict import validated
from config.core.json import dumps


@extend_schema_view(list=extend_schema(operation_id="list_files", description="List the files there are, by path."))
class FileViewSet(ComputeMixin):
    """Files: what was brought, and results."""

    serializer_class = FileOutput
    pagination_class = FilePagination
    filter_backends = ()
    query_classes = {"create": UploadQuery, "update": UploadQuery, "preview": PreviewQuery}
    lookup_value_converter = "path"

    def get_parsers(self) -> list[BaseParser]:
        method = self.request.method if self.request else None
        return (
            [RawParser()] if method == "PUT" else [CompleteFormParser()] if method == "POST" else super().get_parsers()
        )

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return self.list_response(None)

    def iterate_rows(self, queryset: Any) -> Iterator[Any]:
        return (FileOutput(file).data for file in readable_files(storage().files(), self.requester))

    @extend_schema(
        operation_id="upload_form", request={"multipart/form-data": UploadInput}, responses={201: FileOutput}
    )
    def create(self, request: Request) -> Response:
        """Upload a file as a form."""
        with received_form(request) as data:
            form = validated(UploadInput, data)
            path = storage().upload_path(form.get("file_path") or form["file"].name, field="file_path")
            kept = form["file"].upload.commit(path, overwrite=self.parameters["overwrite"], requester=self.requester)
        return _described(kept, status=201)

    @extend_schema(
        operation_id="download_file",
        responses={(200, BINARY): OpenApiTypes.BINARY, (206, BINARY): OpenApiTypes.BINARY},
        parameters=[RANGE],
    )
    def retrieve(self, request: Request, pk: str) -> HttpResponseBase:
        """Download a file, or a part of it: an upload or a result."""
        return file_response(request, pk, requester=self.requester)

    @extend_schema(operation_id="upload_file", request={BINARY: OpenApiTypes.BINARY}, responses={201: FileOutput})
    def update(self, request: Request, pk: str) -> Response:
        """Upload a file as the bare body. With If-Match it replaces the version that this names, and no other."""
        require_if_match(request, self._etag_at(pk))
        kept = store_upload(
            file_path=pk,
            chunks=chunks_of(request.data),
            announced_bytes=None if self.is_gzip else _announced_bytes(request),
            overwrite=self.parameters["overwrite"] or "If-Match" in request.headers,
            requester=self.requester,
        )
        return _described(kept, status=201)

    @extend_schema(operation_id="rename_file", request=RenameInput, responses={200: FileOutput})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename a file, or move it to another folder. With If-Match, only the version that this names."""
        asked = validated(RenameInput, request.data)
        require_if_match(request, self._etag_at(pk))
        kept = rename_file(pk, to=asked["to"], overwrite=asked["overwrite"], requester=self.requester)
        return _described(kept, status=200)

    @extend_schema(operation_id="delete_file")
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a file: an upload or a result. With If-Match, only the version that this names."""
        require_if_match(request, self._etag_at(pk))
        delete_file(pk, requester=self.requester)
        return Response(status=204)

    def _etag_at(self, file_path: str) -> str | None:
        try:
            return etag_of_file(readable_file(file_path, self.requester))
        except (FileMissing, NotAFile):
            return None

    @extend_schema(operation_id="preview_file", responses={200: PreviewOutput, 202: JobOutput}, parameters=[PREFER])
    def preview(self, request: Request, pk: str) -> HttpResponseBase:
        """Show a file's columns and first rows."""
        asked = JobRequest(
            operation=Job.Operation.PREVIEW,
            parameters={"rows": self.parameters["rows"]}
            | ({"read": read} if (read := read_of(self.parameters)) else {}),
            file_path=pk,
            input_format=self.parameters.get("input_format", ""),
            output_format=Format.JSON,
            sub=self.requester.sub,
            sees_all=self.requester.sees_all,
        )
        job = settled_job(request, self.submitted(asked))
        return under_way(job) if job.status != Job.Status.DONE else _preview(job)


def _preview(job: Job) -> HttpResponse:
    """The rows go out as the engine wrote them: integers beyond 64 bits survive."""
    columns = [{"name": name, "type": type_} for name, type_ in job.columns or []]
    with storage().open(storage().existing_file(job.result_path, field="file_path")) as file:
        rows = file.read()
    head = dumps({"file_path": job.file_path, "columns": columns})
    return HttpResponse(head[:-1] + b',"rows":' + rows + b"}", content_type="application/json")


def _announced_bytes(request: Request) -> int:
    announced = request.headers.get("Content-Length", "")
    if not announced.isdigit():
        raise LengthRequired("Say how long the file is: Content-Length.")
    return int(announced)


def _described(file: StoredFile, *, status: int) -> Response:
    headers = {"Location": f"/api/compute/files/{quote(file.path)}", "ETag": etag_of_file(file)}
    return Response(FileOutput(file).data, status=status, headers=headers)
