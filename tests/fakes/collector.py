"""A collector of traces on a real socket: takes OTLP over HTTP as protobuf, keeps the spans, fails on demand."""

import gzip
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fakes.faulty import FaultyServer, Received


@dataclass(frozen=True)
class Arrived:
    """A span as it arrived: by whom, in which trace, of what kind, from when to when (nanoseconds)."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    start: int
    end: int
    attributes: dict[str, Any]
    links: tuple[str, ...]  # trace ids
    is_error: bool


class Collector(FaultyServer):
    """Accepts `POST /v1/traces`."""

    def __enter__(self) -> "Collector":
        super().__enter__()
        return self

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "application/x-protobuf"}, b""

    @property
    def spans(self) -> list[Arrived]:
        """Every span that was accepted."""
        return [span for request in list(self.received) if request.accepted for span in _spans(request)]

    @property
    def everything(self) -> bytes:
        """All that was accepted, as it stood in the bodies."""
        return b"".join(_body(request) for request in list(self.received) if request.accepted)

    def trace(self, trace_id: str) -> list[Arrived]:
        """Return the spans of a trace in the order in which they began."""
        return sorted((span for span in self.spans if span.trace_id == trace_id), key=lambda span: span.start)


def _body(request: Received) -> bytes:
    return gzip.decompress(request.body) if request.headers.get("Content-Encoding") == "gzip" else request.body


def _spans(request: Received) -> list[Arrived]:
    message = ExportTraceServiceRequest.FromString(_body(request))
    return [
        _arrived(_values(group.resource.attributes)["service.name"], span)
        for group in message.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _arrived(service: str, span: Span) -> Arrived:
    return Arrived(
        service=service,
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        attributes=_values(span.attributes),
        links=tuple(link.trace_id.hex() for link in span.links),
        is_error=span.status.code == 2,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
