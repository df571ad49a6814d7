"""Lists as CSV and as JSON lines: `Accept: text/csv` and `application/x-ndjson` take a list away whole, in bounded memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from config.common.bodies import JsonRenderer
from config.common.json import dumps
from config.common.spreadsheets import csv_stream

CHUNK = 500  # rows joined into one piece of the answer


class CsvRenderer(JsonRenderer):
    """A list as CSV with a header line; what a cell cannot hold is JSON text in it. A problem stays JSON."""

    media_type = "text/csv"
    format = "csv"

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows in pieces."""
        return csv_stream(columns, ([row.get(name) for name in columns] for row in rows))


class NdjsonRenderer(JsonRenderer):
    """A list as one JSON object a line. A problem stays JSON."""

    media_type = "application/x-ndjson"
    format = "ndjson"

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows in pieces."""
        rest = iter(rows)
        while chunk := list(islice(rest, CHUNK)):
            yield b"".join(dumps(row) + b"\n" for row in chunk)
