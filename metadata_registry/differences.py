"""What differs between two payloads, line by line. Imports no models."""

import difflib
from collections.abc import Iterator
from typing import NamedTuple

import orjson

MOST_LINES = 5000  # of a payload: comparing takes time by the square of them
CONTEXT = 3  # equal lines shown around those that differ


class DiffLine(NamedTuple):
    """A line of the comparison: `kind` is added, removed, place (where in the payloads the next lines are) or equal."""

    kind: str
    text: str


KINDS = {"+": "added", "-": "removed", "@": "place", " ": "equal"}


def indented_payload(text: str) -> str:
    """Return a payload as people read it."""
    return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()


def payload_differences(before: str, after: str) -> list[DiffLine] | None:
    """Return what differs, with the members of objects in the order of their names; None where it is too long to compare."""
    old, new = _lines(before), _lines(after)
    return None if max(len(old), len(new)) > MOST_LINES else list(_differences(old, new))


def _lines(payload: str) -> list[str]:
    return orjson.dumps(orjson.loads(payload), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode().splitlines()


def _differences(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    found = difflib.unified_diff(old, new, n=CONTEXT, lineterm="")
    for number, line in enumerate(found):
        if number > 1:  # before that are the names of the files
            yield DiffLine(KINDS[line[0]], line)
