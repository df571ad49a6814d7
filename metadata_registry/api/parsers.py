"""Parse a request's JSON, and keep a payload that is an object as the exact text that was sent."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

import msgspec

from config.api.parsers import JsonParser


class PayloadParser(JsonParser):
    """Parses `{"name", "payload"}`; numbers, order, spaces and escapes of an object payload stay as the client wrote them."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = self.read(stream, parser_context)
        data = super().parse(BytesIO(body), media_type, parser_context)
        if isinstance(data, dict) and isinstance(data.get("payload"), dict):
            data["payload"] = _member_text(body, "payload")
        return data


def _member_text(body: bytes, name: str) -> str:
    return bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw])[name]).decode()
