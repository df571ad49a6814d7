"""POST /data with a body of JSON lines: each line is kept, or reported with its number."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from config.api.parsers import read_some
from config.api.prefer import prefers_async
from config.api.problems import DiskFull, PayloadTooLarge, Problem
from config.core.disk import lacks_room
from config.core.json import dumps
from ingest.api.lines import BLOCK_LINES, Lines
from ingest.api.stream import Progress, accept_blocks
from ingest.exceptions import InvalidData, LinesInterrupted, TooManyStreams

MEDIA_TYPE = "application/x-ndjson"
MOST_STREAMS = 4  # at a time, of the 16 threads that a web process has
RETRY_AFTER_SECONDS = 5
NO_ANSWER = f"The database did not answer. Whether the next {BLOCK_LINES} lines are kept is not known."
logger = logging.getLogger(__name__)
_slots = threading.BoundedSemaphore(MOST_STREAMS)


def accept_lines(request: HttpRequest, state: Mapping[str, Any]) -> HttpResponse:
    """Keep the entries of the body's lines; `state`: how far an earlier request with the same key came.

    Raises InvalidData where no line can be kept, LinesInterrupted where it ends in the middle, TooManyStreams.
    """
    progress, lines = Progress(**state), Lines(_Body(request).read)
    with _slot():
        try:
            accept_blocks(lines.blocks(progress.lines), progress, wait=not prefers_async(request))
        except (Problem, APIException, DatabaseError) as error:
            if not progress.kept:
                raise
            raise _interrupted(error, progress, lines) from error
    if not progress.kept:
        raise InvalidData(
            _("None of the %(lines)s lines is valid.") % {"lines": progress.lines}, errors=list(_errors(lines))
        )
    return HttpResponse(dumps(_report(progress, lines)), status=HTTPStatus.CREATED, content_type="application/json")


def _errors(lines: Lines) -> Iterator[dict[str, str]]:
    for error in lines.errors:
        field = f"{error['line']}.{error['field']}".rstrip(".")
        yield {"field": field, "code": InvalidData.code, "message": str(error["message"])}


class _Body:
    """A body as it is read: bounded also when it comes out of gzip."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._length = 0

    def read(self, size: int) -> bytes:
        chunk = read_some(self._request, size)
        self._length += len(chunk)
        if self._length > settings.INGEST_MAX_STREAM:
            raise PayloadTooLarge(settings.INGEST_MAX_STREAM)
        return chunk


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(blocking=False):
        raise TooManyStreams(
            _("This process is already receiving %(most_streams)s bodies of lines; try again later.")
            % {"most_streams": MOST_STREAMS},
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    try:
        yield
    finally:
        _slots.release()


def _report(progress: Progress, lines: Lines) -> dict[str, Any]:
    return asdict(progress) | {"rejected": lines.rejected, "errors": lines.errors}


def _interrupted(error: Exception, progress: Progress, lines: Lines) -> LinesInterrupted:
    status, detail, headers = _cause(error)
    told = (
        f"{detail} The lines up to {progress.lines} are taken, {progress.kept} entries are kept. Send those after it; or, if "
        "you sent an Idempotency-Key, all of them again with it: none is kept twice."
    )
    return LinesInterrupted(HTTPStatus(status), told, headers=headers, **_report(progress, lines))


def _cause(error: Exception) -> tuple[int, str, dict[str, str]]:
    if isinstance(error, Problem):
        return error.status, error.detail, error.headers
    if isinstance(error, APIException):
        return error.status_code, str(error.detail), {}
    if lacks_room(error):
        return DiskFull.status, DiskFull.of(error).detail, {}
    logger.exception("The database failed while lines were taken in")
    return HTTPStatus.SERVICE_UNAVAILABLE, NO_ANSWER, {"Retry-After": str(RETRY_AFTER_SECONDS)}
