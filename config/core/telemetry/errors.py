"""Errors told to Sentry: whatever is logged as an error, and what breaks a task. Loaded only where SENTRY_DSN is set.

An event has the kind of the exception, where in the code it was raised, the log's text without its values, and the request's
id, by which the log has the rest. Values may hold what people and services told us, so none leaves.
"""

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

from django.conf import settings

from config.core.logging import current_request_id
from config.core.telemetry import tracing

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 2.0
KEPT = frozenset(
    {"event_id", "timestamp", "level", "platform", "logger", "environment", "release", "server_name", "sdk"}
)
KEPT_OF_FRAME = frozenset(
    {"abs_path", "context_line", "filename", "function", "in_app", "lineno", "module", "post_context", "pre_context"}
)


def set_up(service: str) -> None:
    """Tell Sentry of the errors of this process; without SENTRY_DSN, do nothing."""
    if not settings.SENTRY_DSN:
        return
    try:
        _set_up(service)
    except Exception as error:  # a package that is not there, an address that is none
        logger.error("Errors are not told to Sentry: %s", type(error).__name__)  # noqa: TRY400 - its text has the DSN


def preload() -> None:
    """Load the package, for the processes that are forked from this one."""
    if settings.SENTRY_DSN:
        try:
            import sentry_sdk  # noqa: F401, PLC0415
        except ImportError as error:
            logger.error("Errors are not told to Sentry: %s", error)  # noqa: TRY400 - its text says it all


def _set_up(service: str) -> None:
    import sentry_sdk  # noqa: PLC0415 - an extra
    from sentry_sdk.integrations.dedupe import DedupeIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger  # noqa: PLC0415

    # Its lines are formatted already, with the texts of exceptions; report_failed_tasks tells of them.
    ignore_logger("django-q")

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        release=settings.SENTRY_RELEASE or f"apron@{settings.VERSION}",
        # Not those that are on by default: they read requests and queries, and add headers to what goes to the partner.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR),
            ExcepthookIntegration(),
            DedupeIntegration(),
        ],
        send_default_pii=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=SHUTDOWN_SECONDS,
        before_send=lambda event, hint: cleaned(event, hint, service),
    )
    Finalize(None, sentry_sdk.flush, kwargs={"timeout": SHUTDOWN_SECONDS}, exitpriority=1)


class _Reporter:
    """What django-q2 calls when a task raises; its own way to one is the entry point of an installed package."""

    def report(self) -> None:
        import sentry_sdk  # noqa: PLC0415

        sentry_sdk.capture_exception()


def report_failed_tasks() -> None:
    """Tell Sentry of the tasks that raise, in a process of the queue's pool; without SENTRY_DSN, do nothing."""
    if settings.SENTRY_DSN and find_spec("sentry_sdk"):
        from django_q import worker  # noqa: PLC0415 - only such a process has loaded it

        worker.error_reporter = _Reporter()


def cleaned(event: "Event", hint: "Hint", service: str) -> "Event":
    """Return what may leave of an event."""
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in KEPT}
    kept["tags"] = {"service": service, "request_id": current_request_id(), "trace_id": tracing.current_trace_id()}
    if text := (event.get("logentry") or {}).get("message"):
        kept["logentry"] = {"message": text}
    if raised := (event.get("exception") or {}).get("values"):
        kept["exception"] = {"values": [_cleaned_exception(each) for each in raised]}
    if route := _route(hint.get("log_record")):
        kept["transaction"] = route
    return kept  # type: ignore[return-value]


def _cleaned_exception(raised: Mapping[str, Any]) -> dict[str, Any]:
    frames = (raised.get("stacktrace") or {}).get("frames") or []
    kept = [{name: value for name, value in frame.items() if name in KEPT_OF_FRAME} for frame in frames]
    return {"type": raised.get("type"), "module": raised.get("module"), "stacktrace": {"frames": kept}}


def _route(record: logging.LogRecord | None) -> str:
    """Return what a failed request was for: its method and route, without the values in its path."""
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    return f"{request.method} {match.route}" if request and match else ""
