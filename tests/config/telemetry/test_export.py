"""What leaves of a span, whatever an instrumentation puts into it, and which spans are made at all."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind

from config.core.telemetry.export import CleanExporter, WorkOnly
from config.core.telemetry.spans import Spans

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-01"


class Exported:
    """Spans that leave through the exporter, into a list in place of a socket."""

    def __init__(self) -> None:
        self._memory = InMemorySpanExporter()
        provider = TracerProvider(sampler=WorkOnly(ALWAYS_ON), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(CleanExporter(self._memory)))
        self.tracer = provider.get_tracer("tests")
        self.ours = Spans(self.tracer)

    def __getitem__(self, name: str) -> ReadableSpan:
        return next(span for span in self.spans if span.name == name)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._memory.get_finished_spans()


@pytest.fixture
def exported() -> Iterator[Exported]:
    yield Exported()
    assert not trace.get_current_span().get_span_context().is_valid, "a test left a span open"


@pytest.mark.parametrize(
    "name",
    ["url.full", "url.path", "url.query", "http.target", "client.address", "user_agent.original", "db.statement",
     "http.request.header.authorization", "what.the.next.version.adds"],
)  # fmt: skip
def test_an_attribute_that_is_not_listed_stays(exported: Exported, name: str) -> None:
    exported.tracer.start_span("work", attributes={name: "secret", "http.route": "api/data", "apron.job": 7}).end()
    assert exported["work"].attributes == {"http.route": "api/data", "apron.job": 7}


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("SELECT a FROM b WHERE c = %s", "SELECT a FROM b WHERE c = %s"),
        ("WHERE name = 'O''Hara' AND city = 'Nice'", "WHERE name = ? AND city = ?"),
        ("WHERE name = 'cut off in the mid", "WHERE name = ?"),
        ("x" * 1990 + "'Gruenwald of Vienna'", "x" * 1990 + "?"),
    ],
)
def test_a_query_has_no_text_of_its_own(exported: Exported, query: str, left: str) -> None:
    exported.tracer.start_span("work", attributes={"db.query.text": query}).end()
    assert exported["work"].attributes == {"db.query.text": left}


def test_of_an_exception_only_its_kind_leaves(exported: Exported) -> None:
    with pytest.raises(KeyError), exported.ours.span("work", "", {}):
        raise KeyError("Gruenwald")
    span = exported["work"]
    assert [dict(event.attributes or {}) for event in span.events] == [{"exception.type": "KeyError"}]
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, None)


@pytest.mark.parametrize("kind", [SpanKind.CLIENT, SpanKind.PRODUCER])
def test_a_call_that_belongs_to_no_work_makes_no_span(exported: Exported, kind: SpanKind) -> None:
    exported.tracer.start_span("poll", kind=kind).end()
    with exported.ours.span("work", "", {}):
        exported.tracer.start_span("call", kind=kind).end()
    assert [span.name for span in exported.spans] == ["call", "work"]


def test_work_goes_on_from_its_row(exported: Exported) -> None:
    with exported.ours.span("work", CALLER, {"delivery": 7}):
        pass
    span = exported["work"]
    assert span.parent
    assert span.context
    assert f"00-{span.context.trace_id:032x}-{span.parent.span_id:016x}-01" == CALLER
    assert span.attributes == {"apron.delivery": 7}


def test_within_a_request_it_belongs_to_that_and_links_to_who_asked_first(exported: Exported) -> None:
    with exported.ours.span("request", CALLER, {}), exported.ours.span("work", OTHER, {}):
        pass
    work, request = exported["work"], exported["request"]
    assert work.context
    assert request.context
    assert work.parent
    assert work.parent.span_id == request.context.span_id
    assert [f"{link.context.trace_id:032x}" for link in work.links] == [OTHER[3:35]]


def test_within_the_request_that_asked_there_is_no_link(exported: Exported) -> None:
    with exported.ours.span("request", CALLER, {}), exported.ours.span("work", CALLER, {}):
        pass
    assert not exported["work"].links


@pytest.mark.parametrize("kept", ["", "nonsense", "00-0-0-00"])
def test_a_row_without_a_usable_trace_begins_one(exported: Exported, kept: str) -> None:
    with exported.ours.span("work", kept, {}):
        assert len(exported.ours.current_traceparent()) == 55
    assert exported["work"].parent is None


def test_the_block_of_another_trace_ends_with_it(exported: Exported) -> None:
    with exported.ours.span("work", CALLER, {}):
        with exported.ours.continued(OTHER):
            assert exported.ours.current_traceparent() == OTHER
        assert exported.ours.current_traceparent()[3:35] == CALLER[3:35]
    assert exported.ours.current_traceparent() == ""
