"""Read and write JSON with orjson."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

import orjson

MAX_DEPTH = 200  # arrays and objects within each other; every reader of a document can follow that many


class InvalidJson(ValueError):  # noqa: N818 - it says what the text is
    """A text that is not JSON; its message says where."""

    def __init__(self, error: orjson.JSONDecodeError) -> None:
        where = f"see line {error.lineno}, column {error.colno}"
        super().__init__("it is not UTF-8 all through" if "UTF-8" in error.msg else where)


class TooDeep(ValueError):  # noqa: N818 - it says what the document is
    """A document with more than MAX_DEPTH arrays and objects within each other."""


def loads(text: bytes | str) -> Any:
    """Return the document in a JSON text. Raises ValueError: InvalidJson or TooDeep."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidJson(error) from error
    opening = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    if sum(map(text.count, opening)) > MAX_DEPTH:  # type: ignore[arg-type] # else it cannot be deeper
        _check_depth(document)
    return document


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return
    raise TooDeep(f"more than {MAX_DEPTH} arrays and objects within each other")


def _children(node: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node


def dumps(data: Any) -> bytes:
    """Return `data` as UTF-8 JSON. A Decimal of at most 15 digits comes out exactly (10, 91.2)."""
    return orjson.dumps(data, default=_default, option=orjson.OPT_UTC_Z)


def json_array(items: Iterable[Any], *, chunk: int = 500) -> Iterator[bytes]:
    """Yield the items as one JSON array, `chunk` items at a time, for a streamed answer in bounded memory."""
    rest = iter(items)
    separator = b"["
    while batch := list(islice(rest, chunk)):
        yield separator + dumps(batch)[1:-1]
        separator = b","
    yield b"]" if separator == b"," else b"[]"


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
