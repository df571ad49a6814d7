"""What leaves the process of its spans: only what is listed here, and nothing that waits for the collector."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, Status

logger = logging.getLogger(__name__)

SHUTDOWN_MILLISECONDS = 2000
OURS = "apron."
# No path or query of an address (they hold keys of people and secrets of webhooks), no header, no client's address.
ALLOWED = frozenset(
    {
        "db.namespace", "db.operation.name", "db.query.text", "db.system.name",
        "error.type", "exception.type",
        "http.request.method", "http.response.status_code", "http.route",
        "messaging.destination", "messaging.kafka.partition", "messaging.system",
        "network.protocol.version", "server.address", "server.port", "url.scheme",
    }
)  # fmt: skip
QUERY = "db.query.text"
LONGEST_QUERY = 2000  # characters
_TEXT_LITERAL = re.compile(r"'(?:[^']|'')*(?:'|$)")
_OUTGOING = {SpanKind.CLIENT, SpanKind.PRODUCER}


class WorkOnly(Sampler):
    """Leave out calls to the database and to services that belong to no trace: polls, heartbeats, locks."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        *arguments: Any,
        **more: Any,
    ) -> SamplingResult:
        has_parent = trace.get_current_span(parent_context).get_span_context().is_valid
        if kind in _OUTGOING and not has_parent:
            return SamplingResult(Decision.DROP)
        return self._sampler.should_sample(parent_context, trace_id, name, kind, *arguments, **more)

    def get_description(self) -> str:
        return f"WorkOnly({self._sampler.get_description()})"


class QuickProcessor(BatchSpanProcessor):
    """Export in a thread, from a bounded queue; at the end of the process for SHUTDOWN_MILLISECONDS at most."""

    def shutdown(self) -> None:
        self._batch_processor.shutdown(SHUTDOWN_MILLISECONDS)  # the public one waits 30 s


class CleanExporter(SpanExporter):
    """Export what is allowed of each span; say once that the collector takes none, and once that it does again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export([cleaned(span) for span in spans])
        is_failing = result is not SpanExportResult.SUCCESS
        if is_failing and not self._is_failing:
            logger.warning("The collector of traces does not answer; traces are lost until it does")
        elif self._is_failing and not is_failing:
            logger.info("The collector of traces answers again")
        self._is_failing = is_failing
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def cleaned(span: ReadableSpan) -> ReadableSpan:
    """Return the span with what is allowed of it: of an exception its type, of a query its text without literals."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_allowed(span.attributes or {}),
        events=[Event(each.name, _allowed(each.attributes or {}), each.timestamp) for each in span.events],
        links=[Link(each.context) for each in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _allowed(attributes: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in attributes.items() if name in ALLOWED or name.startswith(OURS)}
    if query := kept.get(QUERY):
        kept[QUERY] = _TEXT_LITERAL.sub("?", query[:LONGEST_QUERY])
    return kept
