"""Check beside the computation, in a thread, what DuckDB does not notice: bytes that are not text, and a truncated file.

DuckDB reads a CSV in regions, in parallel, and guesses where the first row of each begins. With line breaks inside quotes in
the last region it may lose or invent rows without an error; it also drops a last line longer than its buffer, does not
decode columns that are not needed, and accepts a JSON list that ends with a comma. Reading with Python instead would be as
safe and ten times slower; these checks run in a thread and cost nothing that can be measured (docs/decisions/0042).
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from compute.files.errors import BrokenFile
from compute.files.formats import MAX_ROW_BYTES, Format, Source, open_bytes
from compute.files.json_check import JsonChecker
from compute.files.text_check import CHUNK_BYTES, CheckedText

REGION_BYTES = MAX_ROW_BYTES  # what DuckDB reads in one go; a row must fit in
TAIL_BYTES = 2 * REGION_BYTES


@dataclass(frozen=True)
class FileCheck:
    """Checks of a file that run in threads. Methods raise BrokenFile if it is not text or was cut off."""

    _end: Future[bool]
    _text: Future[None]

    def has_clear_end(self) -> bool:
        """Wait for what is found at the end: whether it is clear where the rows there begin."""
        return self._end.result()

    def finish(self) -> bool:
        """Wait until the whole text has been looked at; return whether its end is clear."""
        self._text.result()
        return self._end.result()


@contextmanager
def checked(source: Source) -> Iterator[FileCheck]:
    """Check a file from threads beside its computation. Leaving the block ends it, and raises what it has found by then."""
    stopping = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        check = FileCheck(pool.submit(_is_clear, source, stopping), pool.submit(_check_text, source, stopping))
        try:
            yield check
        finally:
            stopping.set()
        check.finish()


def may_be_misread(source: Source) -> bool:
    """Return whether DuckDB reads it in more than one region, so that a refusal may be its own mistake."""
    return source.is_text and source.path.stat().st_size > REGION_BYTES


def _is_clear(source: Source, stopping: threading.Event) -> bool:
    is_text = may_be_misread(source)
    if not (is_text or source.format == Format.JSON):
        return True
    tail = _tail(source, stopping)
    if stopping.is_set():
        return False
    if source.format == Format.JSON and not tail.rstrip(b" \t\r\n").endswith(b"]"):
        raise BrokenFile("The file cannot be read: its list does not end with ].")
    return not is_text or _has_clear_rows(tail)


def _check_text(source: Source, stopping: threading.Event) -> None:
    """Look at all bytes of a text, and of JSON."""
    if source.is_json:
        _check_json(source, stopping)
    elif source.is_text:
        with open_bytes(source) as file:
            text = CheckedText(file)
            while not stopping.is_set() and text.read1(CHUNK_BYTES):
                pass


def _check_json(source: Source, stopping: threading.Event) -> None:
    """Look at the strings only once there may be something wrong outside them: that takes ten times as long."""
    checker = JsonChecker()
    with open_bytes(source) as file:
        if any(checker.may_be_wrong(chunk) for chunk in _chunks(file, stopping)):
            checker = JsonChecker()
            file.seek(0)
            for chunk in _chunks(file, stopping):
                checker.feed(chunk)


def _chunks(file: BinaryIO, stopping: threading.Event) -> Iterator[bytes]:
    while not stopping.is_set() and (chunk := file.read(CHUNK_BYTES)):
        yield chunk


def _has_clear_rows(tail: bytes) -> bool:
    """Return whether all line ends are ends of rows. The end is outside quotes, so every second piece before it is inside."""
    _check_line(tail.rstrip(b"\r\n"))
    return not any(b"\n" in cell or b"\r" in cell for cell in tail.split(b'"')[-2::-2])


def _tail(source: Source, stopping: threading.Event) -> bytes:
    tail = b""
    with open_bytes(source) as file:
        file.seek(max(0, source.path.stat().st_size - TAIL_BYTES))
        while not stopping.is_set() and (chunk := file.read(TAIL_BYTES)):
            if source.is_text:
                _check_line(chunk)
            tail = (tail + chunk)[-TAIL_BYTES:]
    return tail


def _check_line(text: bytes) -> None:
    """Refuse the beginning of a line, at the end of the text, that is too long for one."""
    if len(text) - max(text.rfind(b"\n"), text.rfind(b"\r")) > MAX_ROW_BYTES:
        raise BrokenFile(f"The file cannot be read: a line is longer than {MAX_ROW_BYTES} bytes.")
