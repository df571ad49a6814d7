"""Parse request bodies: JSON with orjson, strict about UTF-8, numbers, depth and size; forms, strict about their end."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from config.api.problems import PayloadTooLarge, Problem
from config.core.json import loads

DIGESTED_BYTES = 64 * 1024
EPILOGUE_BYTES = 1024  # what may follow a form


class UploadIncomplete(Problem):
    """An upload ended early."""

    code = "incomplete"


class JsonParser(BaseParser):
    """Parses a request body of at most the view's `max_body_bytes` (default DATA_UPLOAD_MAX_MEMORY_SIZE)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return parse_json(self.read(stream, parser_context))

    def read(self, stream: IO[bytes], parser_context: Mapping[str, Any] | None) -> bytes:
        """Return the body, or raise PayloadTooLarge."""
        view = (parser_context or {}).get("view")
        return read_body(stream, getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


def read_body(stream: IO[bytes] | HttpRequest, limit: int) -> bytes:
    """Return a request's body of at most `limit` bytes, or raise PayloadTooLarge."""
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise PayloadTooLarge(limit)
    return body


@contextmanager
def digested_body(request: HttpRequest) -> Iterator[bytes]:
    """Yield the SHA-256 of a body of any length, which may be read within."""
    body: Any = request.environ["wsgi.input"]  # type: ignore[attr-defined] # of WSGI
    with ExitStack() as stack:
        if not body.seekable():  # that of another server than ours, which has it in memory or in a file
            body = stack.enter_context(tempfile.TemporaryFile(dir=settings.WEB_SPOOL or None))
            while chunk := read_some(request, DIGESTED_BYTES):
                body.write(chunk)
            body.seek(0)
            request._stream = body  # noqa: SLF001 - Django has no public way
        digest = hashlib.file_digest(body, "sha256").digest()
        body.seek(0)
        yield digest


def parse_json(body: bytes) -> Any:
    """Return the JSON document in `body`, or raise ParseError."""
    try:
        return loads(body)
    except ValueError as error:
        raise ParseError(_("The body is not JSON: %(error)s.") % {"error": error}) from error


def read_some(stream: Any, size: int) -> bytes:
    """Return the next bytes of a body; raise UploadIncomplete when the sender is gone."""
    try:
        return bytes(stream.read(size))
    except UnreadablePostError as error:
        raise UploadIncomplete("The connection broke in the middle.") from error


class CompleteFormParser(MultiPartParser):
    """Parse a form, and refuse one that ends before its closing boundary, which Django would accept."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = _Body(stream)
        form = super().parse(body, media_type, parser_context)  # type: ignore[arg-type]
        boundary = parse_header_parameters(media_type or "")[1]["boundary"]
        if f"--{boundary}--".encode() not in body.end:
            raise UploadIncomplete("The form ends before its closing boundary.")
        return form


class _Body:
    """A request body that remembers its last bytes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.end = b""

    def read(self, size: int) -> bytes:
        chunk = read_some(self._stream, size)
        self.end = (self.end + chunk)[-EPILOGUE_BYTES:]
        return chunk
