"""Renderers: JSON, and lists as CSV, JSON lines or XLSX, in bounded memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.renderers import BaseRenderer

from config.api.problems import Problem
from config.api.spreadsheets import CSV_TYPE, csv_stream
from config.core.json import dumps
from config.core.worksheets import MOST_XLSX_ROWS, XLSX_TYPE, TooLargeError, write_xlsx

CHUNK = 500  # rows joined into one piece of the answer
PIECE = 64 * 1024  # bytes of a file


class TooManyRows(Problem):
    """More rows than a worksheet can hold."""

    code = "too_many_rows"

    def __init__(self) -> None:
        super().__init__(
            _("An XLSX file has at most %(most_xlsx_rows)s rows. Narrow the filters, or use CSV.")
            % {"most_xlsx_rows": f"{MOST_XLSX_ROWS:,}"}
        )


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
    content_type = CSV_TYPE
    format = "csv"

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows in pieces."""
        return csv_stream(columns, ([row.get(name) for name in columns] for row in rows))


class NdjsonRenderer(JsonRenderer):
    """A list as JSON lines. Errors stay JSON."""

    media_type = "application/x-ndjson"
    content_type = "application/x-ndjson; charset=utf-8"
    format = "ndjson"

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows in pieces."""
        rest = iter(rows)
        while chunk := list(islice(rest, CHUNK)):
            yield b"".join(dumps(row) + b"\n" for row in chunk)


class XlsxRenderer(JsonRenderer):
    """A list as a worksheet, which is made before the first byte is sent. Errors stay JSON."""

    media_type = content_type = XLSX_TYPE
    format = "xlsx"

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
        """Return the file in pieces; raise TooManyRows."""
        file = TemporaryFile()  # noqa: SIM115 - who reads the pieces closes it
        try:
            write_xlsx(file, columns, ([row.get(name) for name in columns] for row in rows), cuts=True)
        except BaseException as error:
            file.close()
            if isinstance(error, TooLargeError):
                raise TooManyRows from error
            raise
        return _pieces(file)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
