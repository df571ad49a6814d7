"""Serve Django's WSGI application to granian's ASGI: the body first, then a thread, then the answer at its reader's pace."""

import logging
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import uuid4
from wsgiref.util import FileWrapper

import orjson
from django.db import close_old_connections

from config.server.wsgi import application as django  # first: it sets Django up, which others need

# isort: split
from config.api.problems import CONTENT_TYPE, UNEXPECTED, DiskFull, problem_body
from config.core.disk import lacks_room
from config.monitoring.requests import NO_ROUTE, count
from config.server import bodies, slow_readers
from config.server.answers import Answer, ClientGone, Send
from config.server.bodies import Body, Receive, Refused, announced_length, limit_of, read_body, stream_limit_of
from config.server.environ import environ_of
from config.server.loop import LIVE, PROBES, REQUESTS, STREAMS
from config.server.spool import CHUNK_BYTES

POOLS_OF_PROBES = {
    f"{prefix}/{name}": pool
    for prefix in ("", "/api")
    for name, pool in (("health", PROBES), ("readyz", PROBES), ("livez", LIVE))
}
logger = logging.getLogger(__name__)


async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Answer a request."""
    started = time.perf_counter()
    try:
        announced, limit = announced_length(scope["headers"]), limit_of(scope["path"])
        if announced is None or announced > limit:
            limit = max(limit, stream_limit_of(scope["path"], scope["headers"]))
        body = await read_body(receive, announced, limit)
    except (Refused, OSError) as error:
        _refuse(send, scope, error, started)
        return
    await POOLS_OF_PROBES.get(scope["path"], REQUESTS)
    try:
        await _answer(scope, body, Answer(receive, send))
    finally:
        body.file.close()


async def _answer(scope: Mapping[str, Any], body: Body, answer: Answer) -> None:
    result: Any = django(environ_of(scope, body.file, body.length), answer.start)
    try:
        if scope["method"] != "HEAD" and (isinstance(result, FileWrapper) or result.streaming):
            close_old_connections()  # this thread may be another request's before all is sent
            await answer.send_pieces(_pieces(result))
        else:
            answer.finish(b"" if scope["method"] == "HEAD" else b"".join(result))
    except ClientGone:
        pass
    except Exception:
        # granian breaks off the connection of an answer without an end, so that half a list never passes for a whole one
        logger.exception("The answer to %s %s broke off", scope["method"], scope["path"])
    finally:
        result.close()


def _pieces(result: Any) -> Iterator[bytes]:
    if isinstance(result, FileWrapper):
        return iter(partial(result.filelike.read, CHUNK_BYTES), b"")
    return iter(result)


def _refuse(send: Send, scope: Mapping[str, Any], error: Refused | OSError, started: float) -> None:
    """Answer instead of Django, and have the connection closed: the rest of the body is not wanted."""
    refused, instance = _refusal_of(error), uuid4().hex
    said = ("%s %s: %s %s (%s)", scope["method"], scope["path"], int(refused.status), refused.detail, instance)
    if refused.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error(*said, exc_info=error)
    else:
        logger.info(*said)
    content = orjson.dumps(problem_body(refused.status, refused.detail) | {"instance": instance})
    headers = {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(content)), "Connection": "close"}
    count(NO_ROUTE, scope["method"], refused.status, started)
    answer = Answer(_nothing, send)
    answer.start(str(int(refused.status)), list(headers.items()))
    answer.finish(content)


def _refusal_of(error: Refused | OSError) -> Refused:
    if isinstance(error, Refused):
        return error
    if lacks_room(error):
        return Refused(DiskFull.status, DiskFull.of(error).detail)
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, str(UNEXPECTED))


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


for pool in (REQUESTS, STREAMS, PROBES, LIVE):
    pool.start()
bodies.start_watch()
slow_readers.start_watch()
