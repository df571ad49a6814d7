"""Traces through processes: a row keeps the `traceparent` of who asked for its work; whoever does it goes on from there.

Without OTEL_EXPORTER_OTLP_ENDPOINT nothing of OpenTelemetry is imported, and each of these functions returns at once.
"""

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Protocol

TRACEPARENT_LENGTH = 55  # characters, as W3C's Trace Context has it
Attribute = str | int | float | bool


class Backend(Protocol):
    """What makes spans: `spans.Spans`, in a process that traces."""

    def current_traceparent(self) -> str: ...

    def span(self, name: str, traceparent: str, attributes: dict[str, Attribute]) -> AbstractContextManager[object]: ...

    def continued(self, traceparent: str) -> AbstractContextManager[object]: ...

    def record(self, name: str, traceparent: str, started_at: datetime, attributes: dict[str, Attribute]) -> None: ...


_backend: Backend | None = None
_NOTHING = nullcontext()


def use(backend: Backend) -> None:
    """Trace from now on."""
    global _backend  # noqa: PLW0603 - one for the process, set once
    _backend = backend


def current_traceparent() -> str:
    """Return the W3C traceparent of the span under way in this thread; "" outside one."""
    return _backend.current_traceparent() if _backend else ""


def current_trace_id() -> str:
    """Return the id of the trace under way in this thread; "-" outside one."""
    return current_traceparent()[3:35] or "-"


def span(name: str, *, traceparent: str = "", **attributes: Attribute) -> AbstractContextManager[object]:
    """Make the block a span, with the attributes as `apron.…`.

    It belongs to the span under way; outside one it goes on from `traceparent`, the one that the row kept.
    """
    return _backend.span(name, traceparent, attributes) if _backend else _NOTHING


def continued(traceparent: str) -> AbstractContextManager[object]:
    """Let the spans of the block belong to `traceparent`, whatever is under way in this thread."""
    return _backend.continued(traceparent) if _backend else _NOTHING


def record(name: str, *, traceparent: str, started_at: datetime, **attributes: Attribute) -> None:
    """Add a span for work that began at `started_at` and ends now."""
    if _backend:
        _backend.record(name, traceparent, started_at, attributes)
