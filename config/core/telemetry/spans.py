"""OpenTelemetry, set up for this process: the official instrumentations and the spans of our own. Loaded only where it is on.

To be set up after a fork: the thread that exports does not survive one.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from multiprocessing.util import Finalize

from django.conf import settings
from django.http import HttpRequest
from opentelemetry import context, propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.kafka import KafkaInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers
from requests import PreparedRequest

from config.core.logging import current_request_id
from config.core.telemetry import tracing
from config.core.telemetry.export import CleanExporter, QuickProcessor, WorkOnly
from config.core.telemetry.tracing import Attribute

UNTRACED = r"/(livez|readyz|health|metrics)$,/static/"  # asked for every few seconds
BEHIND = "config.api.problems.ProblemMiddleware"  # which refuses what no span should be made of

_w3c = TraceContextTextMapPropagator()


def set_up(service: str) -> None:
    """Trace this process from now on, as `service`: web, worker or relay."""
    name = settings.OTEL_SERVICE_NAME or f"apron-{service}"
    resource = Resource.create(
        {
            "service.name": name,
            "service.version": str(settings.VERSION),
            "apron.process": service,
            "process.pid": os.getpid(),
        }
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.sampler = WorkOnly(provider.sampler)
    headers = parse_env_headers(settings.OTEL_EXPORTER_OTLP_HEADERS, liberal=True)
    provider.add_span_processor(QuickProcessor(CleanExporter(OTLPSpanExporter(headers=headers))))
    Finalize(None, provider.shutdown, exitpriority=1)  # atexit does not run in the processes of the queue's pool
    trace.set_tracer_provider(provider)
    propagate.set_global_textmap(_w3c)  # without baggage, which would hand what a client says on to the partner
    _instrument(service)
    tracing.use(Spans(provider.get_tracer("apron")))


def _instrument(service: str) -> None:
    """Have the libraries make their spans. A library of an unknown version is an error rather than untraced."""
    strict = {"raise_exception_on_conflict": True}
    if service == "web":
        DjangoInstrumentor().instrument(
            request_hook=_add_request_id,
            excluded_urls=UNTRACED,
            middleware_position=settings.MIDDLEWARE.index(BEHIND) + 1,
            **strict,
        )
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    (SQLite3Instrumentor() if is_sqlite else PsycopgInstrumentor()).instrument(**strict)
    RequestsInstrumentor().instrument(request_hook=_name_by_host, **strict)
    if settings.KAFKA_CLIENT == "librdkafka":
        from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor  # noqa: PLC0415 - an extra's

        ConfluentKafkaInstrumentor().instrument(**strict)
    else:
        KafkaInstrumentor().instrument(**strict)


def _add_request_id(span: trace.Span, request: HttpRequest) -> None:
    span.set_attribute("apron.request_id", current_request_id())


def _name_by_host(span: trace.Span, request: PreparedRequest) -> None:
    """Say who is called. Not with the path: in an address of a webhook that is the secret."""
    span.update_name(f"{request.method} {(request.url or '').partition('://')[2].partition('/')[0].rpartition('@')[2]}")


class Spans:
    """The spans of our own work."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def current_traceparent(self) -> str:
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        return carrier.get("traceparent", "")

    def span(self, name: str, traceparent: str, attributes: dict[str, Attribute]) -> AbstractContextManager[object]:
        """Of a row that was asked for in another trace than the one under way, link to that."""
        asked, here = _context_of(traceparent), trace.get_current_span().get_span_context()
        if not here.is_valid:
            kind = trace.SpanKind.CONSUMER if traceparent else trace.SpanKind.INTERNAL
            return self._tracer.start_as_current_span(name, asked, kind=kind, attributes=_named(attributes))
        origin = trace.get_current_span(asked).get_span_context()
        links = [trace.Link(origin)] if origin.is_valid and origin.trace_id != here.trace_id else []
        return self._tracer.start_as_current_span(name, attributes=_named(attributes), links=links)

    @contextmanager
    def continued(self, traceparent: str) -> Iterator[None]:
        token = context.attach(_context_of(traceparent))
        try:
            yield
        finally:
            context.detach(token)

    def record(self, name: str, traceparent: str, started_at: datetime, attributes: dict[str, Attribute]) -> None:
        began = int(started_at.timestamp() * 1_000_000) * 1000
        self._tracer.start_span(
            name,
            _context_of(traceparent),
            kind=trace.SpanKind.CONSUMER,
            attributes=_named(attributes),
            start_time=began,
        ).end()


def _context_of(traceparent: str) -> context.Context:
    return _w3c.extract({"traceparent": traceparent}, context.Context())


def _named(attributes: dict[str, Attribute]) -> dict[str, Attribute]:
    return {f"apron.{name}": value for name, value in attributes.items()}
