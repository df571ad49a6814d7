"""Renderers: JSON, and lists as CSV or JSON lines, streamed in bounded memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from rest_framework.renderers import BaseRenderer

from config.api.spreadsheets import csv_stream
from config.core.json import dumps

CHUNK = 500  # rows joined into one piece of the answer


class JsonRenderer(BaseRenderer):
    """Renders UTF-8 JSON; a Decimal becomes a JSON number."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else dumps(data)


class CsvRenderer(JsonRenderer):
    """A list as CSV with a header; nested values are JSON text. Errors stay JSON."""

    media_type = "text/csv"
    format = "csv"

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows in pieces."""
        return csv_stream(columns, ([row.get(name) for name in columns] for row in rows))


class NdjsonRenderer(JsonRenderer):
    """A list as JSON lines. Errors stay JSON."""

    media_type = "application/x-ndjson"
    format = "ndjson"

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows in pieces."""
        rest = iter(rows)
        while chunk := list(islice(rest, CHUNK)):
            yield b"".join(dumps(row) + b"\n" for row in chunk)
