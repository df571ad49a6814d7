"""Kafka records of entries."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from config.core.json import dumps
from config.core.telemetry import tracing

ENTRY_ID_HEADER = "entry-id"
CONTENT_TYPE_HEADER = ("content-type", b"application/json")
OWN_HEADERS = {
    ENTRY_ID_HEADER,
    "content-type",
    "traceparent",
    "tracestate",
    "baggage",
}  # the last three are OpenTelemetry's
CONSTANT_KEY = b"data_entry"


@dataclass(frozen=True)
class Record:
    """A Kafka record of an entry. Of one that was read from the table, `content` is a fragment of JSON text."""

    entry_id: int
    content: Any
    created_at: datetime | str  # as JSON has it
    traceparent: str | None = None  # of who sent it
    given_key: str | None = None
    given_headers: Mapping[str, str] | None = None

    @property
    def key(self) -> bytes:
        """The key that was given, else KAFKA_KEY's: one for all keeps one order in one partition, the id spreads over all."""
        if self.given_key is not None:
            return self.given_key.encode()
        return CONSTANT_KEY if settings.KAFKA_KEY == "data_entry" else str(self.entry_id).encode()

    @property
    def value(self) -> bytes:
        """UTF-8 JSON."""
        return dumps({"id": self.entry_id, "content": self.content, "created_at": self.created_at})

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Ours, of which consumers drop repeats by the id, then those that were given. OpenTelemetry adds the trace."""
        own = [(ENTRY_ID_HEADER, str(self.entry_id).encode()), CONTENT_TYPE_HEADER]
        given = self.given_headers
        return own if given is None else [*own, *((name, text.encode()) for name, text in given.items())]

    def in_its_trace(self) -> AbstractContextManager[object]:
        """Let the span of its sending belong to the trace of who sent the entry."""
        return tracing.continued(self.traceparent) if self.traceparent else nullcontext()
