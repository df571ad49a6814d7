"""Kafka records of entries."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from config.core.json import dumps
from config.core.telemetry import tracing

ENTRY_ID_HEADER = "entry-id"
CONSTANT_KEY = b"data_entry"


@dataclass(frozen=True)
class Record:
    """A Kafka record of an entry. Of one that was read from the table, `content` is a fragment of JSON text."""

    entry_id: int
    content: Any
    created_at: datetime | str  # as JSON has it
    traceparent: str | None = None  # of who sent it

    @property
    def key(self) -> bytes:
        """KAFKA_KEY: one key for all keeps one order in one partition; the id spreads over all partitions."""
        return CONSTANT_KEY if settings.KAFKA_KEY == "data_entry" else str(self.entry_id).encode()

    @property
    def value(self) -> bytes:
        """UTF-8 JSON."""
        return dumps({"id": self.entry_id, "content": self.content, "created_at": self.created_at})

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """The id for consumers to drop repeats by; OpenTelemetry adds the trace."""
        return [(ENTRY_ID_HEADER, str(self.entry_id).encode())]

    def in_its_trace(self) -> AbstractContextManager[object]:
        """Let the span of its sending belong to the trace of who sent the entry."""
        return tracing.continued(self.traceparent) if self.traceparent else nullcontext()
