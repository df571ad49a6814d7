"""What differs between two payloads, line by line. Imports no models."""

import difflib
import json
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

MOST_LINES = 5000  # of a payload: comparing takes time by the square of them
CONTEXT = 3  # equal lines shown around those that differ


class DiffLine(NamedTuple):
    """A line of the comparison: `kind` is added, removed, place (where in the payloads the next lines are) or equal."""

    kind: str
    text: str


KINDS = {"+": "added", "-": "removed", "@": "place", " ": "equal"}


def indented_payload(text: str, *, is_sorted: bool = False) -> str:
    """Return a payload as people read it, its numbers as they were written; `is_sorted`: the members of objects by name."""
    document = json.loads(text, parse_int=_as_written, parse_float=_as_written)
    return msgspec.json.format(msgspec.json.encode(document, order="sorted" if is_sorted else None), indent=2).decode()


def _as_written(number: str) -> msgspec.Raw:
    """Keep all digits: as floats, two long numbers would be the same."""
    return msgspec.Raw(number.encode())


def payload_differences(before: str, after: str) -> list[DiffLine] | None:
    """Return what differs, with the members of objects in the order of their names; None where it is too long to compare."""
    old, new = (indented_payload(text, is_sorted=True).split("\n") for text in (before, after))
    return None if max(len(old), len(new)) > MOST_LINES else list(_differences(old, new))


def _differences(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    found = difflib.unified_diff(old, new, n=CONTEXT, lineterm="")
    for number, line in enumerate(found):
        if number > 1:  # before that are the names of the files
            yield DiffLine(KINDS[line[0]], line)
