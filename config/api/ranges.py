"""Range requests (RFC 9110): `Range: bytes=…`, so that a broken download can be resumed."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from config.api.problems import Problem

CHUNK_BYTES = 64 * 1024


class RangeNotSatisfiable(Problem):
    """The requested range is outside the file."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    code = "no_such_range"


def download(
    request: Request | HttpRequest,
    open_file: Callable[[], BinaryIO],
    *,
    size: int,
    name: str,
    content_type: str,
    etag: str,
) -> HttpResponseBase:
    """Answer with a file, or with the part of it that is asked for. Raises RangeNotSatisfiable.

    Several parts at once, and a part of another version than `If-Range` names, are answered with the whole, as the RFC allows.
    """
    wanted = _wanted(request, size, etag)
    file: Any = open_file()
    if wanted is not None:
        file.seek(wanted.start)
        file = _Part(file, len(wanted))
    response = FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
    if wanted is not None:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response["Content-Length"] = str(len(wanted))
        response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response


def _wanted(request: Request | HttpRequest, size: int, etag: str) -> range | None:
    found = re.fullmatch(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", request.headers.get("Range", ""))
    if not found or found[0].strip() == "bytes=-" or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = found.groups()
    if not first:
        wanted = range(max(size - int(last), 0), size)
    else:
        wanted = range(int(first), min(int(last) + 1 if last else size, size))
    if last and first and int(last) < int(first):
        return None  # not a range: as if it were not there
    if not wanted:
        raise RangeNotSatisfiable(
            _("The file has %(size)s bytes.") % {"size": size}, headers={"Content-Range": f"bytes */{size}"}
        )
    return wanted


class _Part:
    """A number of bytes from a file's current position."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size
        self.close = file.close

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(min(size if size >= 0 else CHUNK_BYTES, self._left))
        self._left -= len(chunk)
        return chunk
