"""Add a request id to every log line and answer, so that a client's report leads to its lines in the log."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from config.core.disk import lacks_room, trouble_of
from config.core.postgresql.away import is_away
from config.core.telemetry.tracing import current_trace_id

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current_request_id() -> str:
    """Return the id of the request under way in this thread, or "-" outside one."""
    return _request_id.get()


class RequestIdFilter(logging.Filter):
    """Puts the current request's id on each record as `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True


class OutageFilter(logging.Filter):
    """Says of an error that a full disk or an absent database explains just that, instead of where in the code it was met."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if lacks_room(error) or is_away(error):
            # The values stay apart from the text: Sentry sees the record after this, and is told the text only.
            trouble = trouble_of(error).replace("%", "%%") if record.args else trouble_of(error)
            record.msg, record.exc_info = f"{record.msg}: {trouble}", None
        return True


class TraceIdFilter(logging.Filter):
    """Puts the current trace's id on each record as `trace_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.trace_id = current_trace_id()
        return True


class RequestIdMiddleware:
    """Takes a proxy's X-Request-ID or makes one, and returns it with the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # META, here and wherever POST /data reads a header: the first look at request.headers copies all, for 9 µs.
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        token = _request_id.set(given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = current_request_id()
            return response
        finally:
            _request_id.reset(token)


def logging_settings(log_format: str, *, with_traces: bool) -> dict[str, Any]:
    """Return Django's LOGGING: everything to stderr, as "json" or "text"."""
    ids = ["request_id", "trace_id"] if with_traces else ["request_id"]
    as_text = " ".join(f"%({each})s" for each in ids)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": "config.core.logging.RequestIdFilter"},
            "outage": {"()": "config.core.logging.OutageFilter"},
            "trace_id": {"()": "config.core.logging.TraceIdFilter"},
        },
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.orjson.OrjsonFormatter",
                "fmt": f"%(asctime)s %(levelname)s %(name)s %(message)s {as_text}",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            },
            "text": {"format": f"%(asctime)s %(levelname)-7s %(name)s [{as_text}] %(message)s"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": [*ids, "outage"],
                "formatter": "json" if log_format == "json" else "text",
            }
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"level": "ERROR"},  # 4xx are the client's business; 5xx are logged with their traceback
            "urllib3": {"level": "ERROR"},  # its warnings have addresses in them, and some addresses are secrets
            "azure": {"level": "WARNING"},  # twenty lines for each request to the storage
            "kafka": {"level": "CRITICAL"},  # a dozen lines per failed attempt; ingest.publisher says it in one
            "librdkafka": {"level": "CRITICAL"},  # the same
            "opentelemetry.exporter": {"level": "CRITICAL"},  # lines for each batch; telemetry.export says it in one
            "opentelemetry.sdk": {"level": "CRITICAL"},  # the same
            "watchfiles": {"level": "WARNING"},  # a line for each file that comes
            "django-q": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
