"""Responses that send a file: whole, in part (Range), or not at all if the client has it (ETag)."""

from pathlib import PurePosixPath

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotModified
from rest_framework.request import Request

from compute.files.formats import PACKED, Format, format_of
from compute.files.ownership import Requester, readable_file
from compute.files.storage import StoredFile, storage
from config.api.conditional import etag_of, is_not_modified
from config.api.ranges import download
from config.core.worksheets import XLSX_TYPE

BINARY = "application/octet-stream"
CONTENT_TYPES = {
    Format.CSV: "text/csv", Format.TSV: "text/tab-separated-values", Format.JSON: "application/json",
    Format.JSONL: "application/x-ndjson", Format.XML: "application/xml", Format.PARQUET: "application/vnd.apache.parquet",
    Format.ARROW: "application/vnd.apache.arrow.file", Format.XLSX: XLSX_TYPE, Format.XLS: "application/vnd.ms-excel",
    Format.ODS: "application/vnd.oasis.opendocument.spreadsheet",
}  # fmt: skip


def file_response(request: Request | HttpRequest, file_path: str, *, requester: Requester) -> HttpResponseBase:
    """Answer with a file. Raises as readable_file, or RangeNotSatisfiable."""
    file = readable_file(file_path, requester)
    etag = etag_of_file(file)
    if is_not_modified(request, etag):
        return HttpResponseNotModified(headers={"ETag": etag})
    name = PurePosixPath(file.path).name
    format_ = None if name.lower().endswith(PACKED) else format_of(name)
    content_type = CONTENT_TYPES[format_] if format_ else BINARY
    return download(
        request, lambda: storage().open(file), size=file.bytes, name=name, content_type=content_type, etag=etag
    )


def etag_of_file(file: StoredFile) -> str:
    """Return the ETag of a file as it is now."""
    return etag_of(file.version.text.encode())
