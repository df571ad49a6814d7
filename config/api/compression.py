"""Decode request bodies with `Content-Encoding: gzip` while they are read, so that limits count decoded bytes."""

import gzip
import zlib
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType


def decode_body(request: HttpRequest) -> bool:
    """Have the body read decoded where it is gzip, and return whether it is; raise UnsupportedMediaType for any other."""
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding in ("", "identity"):
        return False
    if encoding != "gzip":
        raise UnsupportedMediaType(encoding, "Content-Encoding may be gzip, or be left out.")
    request._stream = _Unzipped(request._stream)  # type: ignore[assignment]  # noqa: SLF001 - Django has no public way
    return True


class _Unzipped:
    """Decompress a gzip stream, as much as is read."""

    def __init__(self, stream: Any) -> None:
        self._file = gzip.GzipFile(fileobj=stream, mode="rb")

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ParseError(_("The body is not valid gzip, or is truncated.")) from error
