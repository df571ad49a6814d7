"""Parse JSON request bodies with orjson: strict about UTF-8, numbers, depth and size."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from config.api.problems import PayloadTooLarge
from config.core.json import loads


class JsonParser(BaseParser):
    """Parses a request body of at most the view's `max_body_bytes` (default DATA_UPLOAD_MAX_MEMORY_SIZE)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return parse_json(self.read(stream, parser_context))

    def read(self, stream: IO[bytes], parser_context: Mapping[str, Any] | None) -> bytes:
        """Return the body, or raise PayloadTooLarge."""
        view = (parser_context or {}).get("view")
        return read_body(stream, getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


def read_body(stream: IO[bytes] | HttpRequest, limit: int) -> bytes:
    """Return a request's body of at most `limit` bytes, or raise PayloadTooLarge."""
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise PayloadTooLarge(limit)
    return body


def parse_json(body: bytes) -> Any:
    """Return the JSON document in `body`, or raise ParseError."""
    try:
        return loads(body)
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
