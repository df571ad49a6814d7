"""Receive uploads: form files streamed straight to the storage, or the bare body. Imports no models."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from compute.files.services import Upload
from config.api.parsers import read_some

CHUNK_BYTES = 256 * 1024


class RawParser(BaseParser):
    """Leaves the body unread, for the view to stream."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return stream


def chunks_of(stream: Any) -> Iterator[bytes]:
    """Yield the body in pieces; an empty body has none. Raise UploadIncomplete when the sender is gone."""
    while hasattr(stream, "read") and (chunk := read_some(stream, CHUNK_BYTES)):
        yield chunk


class ReceivedFile(UploadedFile[bytes]):
    """A file of a form, already in the scratch folder."""

    def __init__(self, name: str, size: int, upload: Upload) -> None:
        super().__init__(name=name, size=size)
        self.upload = upload


class ScratchUploadHandler(FileUploadHandler):
    """Stream a form's files below COMPUTE_ROOT instead of into the system's temporary folder."""

    chunk_size = CHUNK_BYTES

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._announced = int(request.META.get("CONTENT_LENGTH") or 0)
        self._uploads: list[Upload] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._uploads.append(Upload(self._announced))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._uploads[-1].write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        return ReceivedFile(self.file_name or "", file_size, self._uploads[-1])

    def rollback(self) -> None:
        """Remove all temporary files."""
        for upload in self._uploads:
            upload.rollback()


@contextmanager
def received_form(request: Request) -> Iterator[Any]:
    """Yield the request's form, its file in the scratch folder; at the end of the block it is gone, unless it was kept."""
    handler = ScratchUploadHandler(request._request)  # noqa: SLF001 - DRF has no public way to the handlers
    request._request.upload_handlers = [handler]  # noqa: SLF001
    try:
        yield request.data
    finally:
        handler.rollback()
