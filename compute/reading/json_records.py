"""Find the records in a JSON text that wraps them: `{"data": [...], "total": 2}`, or the `features` of GeoJSON."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from compute.files.errors import BrokenFile, UnusableOption, listed, quoted
from compute.files.json_check import MAX_JSON_RECORD_BYTES
from compute.files.text_check import CHUNK_BYTES

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:,]', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]]")
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_COPIED_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Array:
    """An array of objects: the keys that lead to it, and the places of its first and behind its last byte."""

    path: tuple[str, ...]
    start: int
    end: int

    @property
    def record(self) -> str:
        return ".".join(self.path)


def wrapped_records(path: Path, asked: str) -> Array | None:
    """Return the array of records in a text that is one object: the one that is asked for, or the only one that there is.

    None where there is no other object in the text, and not one array of objects. Raises UnusableOption.
    """
    with path.open("rb") as file:
        arrays = list(_Scanner(file).arrays())
    if asked:
        found = [array for array in arrays if array.record == asked]
        if not found:
            known = f"There is: {listed([array.record for array in arrays])}." if arrays else "There is none."
            raise UnusableOption(f"The file has no array of records at {quoted(asked)}. {known}", "read.record")
        return found[0]
    return arrays[0] if len(arrays) == 1 else None


def copy_array(path: Path, array: Array, target: Path) -> None:
    """Write an array's text to a file of its own."""
    left = array.end - array.start
    with path.open("rb") as file, target.open("wb") as copy:
        file.seek(array.start)
        while left and (chunk := file.read(min(left, _COPIED_BYTES))):
            copy.write(chunk)
            left -= len(chunk)


class _Scanner:
    """Goes through the tokens of a text, as far as the first object, and over what lies in arrays."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._text = b""
        self._offset = self._place = 0  # of the text in the file, and in the text

    def arrays(self) -> Iterator[Array]:
        """Yield the arrays of objects that lie in objects only; none where more follows behind the first object."""
        found: list[Array] = []
        keys: list[str] = []
        last, depth = b"", 0
        while token := self._next():
            if token == b"{":
                depth += 1
            elif token == b"}":
                depth -= 1
                if depth == 0:
                    break
                keys = keys[: depth - 1]
            elif token == b":":
                keys = [*keys[: depth - 1], _key(last)]
            elif token == b"[" and (array := self._array(tuple(keys))):
                found.append(array)
            last = token
        if not self._peek():
            yield from found

    def _array(self, path: tuple[str, ...]) -> Array | None:
        """Pass over the array that begins with the last token; return it if it is one of objects."""
        start = self._offset + self._place - 1
        is_of_objects = self._peek() == b"{"
        self._pass_array()
        return Array(path, start, self._offset + self._place) if is_of_objects else None

    def _pass_array(self) -> None:
        """Go on behind the end of the array that has begun: from bracket to bracket, counting the quotes between."""
        depth, is_in_string = 1, False
        while depth:
            bracket = _BRACKET.search(self._text, self._place)
            end = bracket.start() if bracket else len(self._text) - _half_escapes(self._text)
            between = self._text[self._place : end]
            if b"\\" in between:
                between = _ESCAPE.sub(b"", between)
            is_in_string ^= between.count(b'"') % 2 == 1
            if bracket:
                self._place = bracket.end()
                depth += 0 if is_in_string else 1 if bracket[0] == b"[" else -1
            elif not self._read_on(end):
                return

    def _next(self) -> bytes:
        """Return the next token; nothing at the end, and where a string has none."""
        while True:
            found = _TOKEN.search(self._text, self._place)
            start = self._text.find(b'"', self._place)
            if found and not (0 <= start < found.start()):
                self._place = found.end()
                return found[0]
            keep = start if start >= 0 else len(self._text)
            if not self._read_on(keep):
                return b""

    def _peek(self) -> bytes:
        """Return the next byte that is not blank, without passing it."""
        while True:
            rest = self._text[self._place : self._place + 100].lstrip()
            if rest:
                return rest[:1]
            if self._place + 100 < len(self._text):
                self._place += 100
            elif not self._read_on(len(self._text)):
                return b""

    def _read_on(self, keep: int) -> bool:
        chunk = self._file.read(CHUNK_BYTES)
        self._offset += keep
        self._text, self._place = self._text[keep:] + chunk, 0
        if len(self._text) > MAX_JSON_RECORD_BYTES:
            raise BrokenFile(f"The file cannot be read: a string is longer than {MAX_JSON_RECORD_BYTES} bytes.")
        return bool(chunk)


def _half_escapes(text: bytes) -> int:
    """Return 1 where a text ends with a backslash that belongs to what follows, 0 otherwise."""
    return (len(text) - len(text.rstrip(b"\\"))) % 2


def _key(token: bytes) -> str:
    return token[1:-1].decode("utf-8", "replace")
