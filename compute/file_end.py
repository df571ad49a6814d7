"""What the end of a file tells about the rest, where DuckDB does not: it is looked at beside the computation.

DuckDB reads a CSV in regions, several at once, and guesses where in each the first row begins. Regions that do not meet are an
error; but behind the last one there is none, and with line breaks inside quotes there it may lose or invent rows without a
word. It drops a last line that is longer than its buffer, and takes a JSON list that ends with a comma for a whole one.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from compute.csv_file import MAX_ROW_BYTES
from compute.faults import BrokenFile
from compute.formats import Format, Source, open_bytes

REGION_BYTES = MAX_ROW_BYTES  # what DuckDB reads in one go; a row must fit in
TAIL_BYTES = 2 * REGION_BYTES


@contextmanager
def watched_end(source: Source) -> Iterator[Callable[[], bool]]:
    """Yield a function that waits for what a thread finds: whether it is clear where the rows at the end begin.

    It raises BrokenFile where the file has no proper end. A packed file is read whole for that, and its checksum with it, at
    which DuckDB does not look. Leaving the block ends it, and raises what it has found by then.
    """
    stopping = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(_is_clear, source, stopping)
        try:
            yield found.result
        finally:
            stopping.set()
        found.result()


def may_be_misread(source: Source) -> bool:
    """Whether DuckDB reads it in more than one region, so that a refusal may be its own mistake."""
    return source.is_text and (source.gzipped or source.path.stat().st_size > REGION_BYTES)


def _is_clear(source: Source, stopping: threading.Event) -> bool:
    is_text = may_be_misread(source)
    if not (is_text or source.format == Format.JSON or (source.format == Format.JSONL and source.gzipped)):
        return True
    tail = _tail(source, stopping)
    if stopping.is_set():
        return False
    if source.format == Format.JSON and not tail.rstrip().endswith(b"]"):
        raise BrokenFile("The file cannot be read: its list does not end with ].")
    return not is_text or _has_clear_rows(tail)


def _has_clear_rows(tail: bytes) -> bool:
    """Whether all its line ends are those of rows. Its end is outside quotes, so every second piece before that is inside."""
    _check_line(tail.rstrip(b"\r\n"))
    return not any(b"\n" in cell or b"\r" in cell for cell in tail.split(b'"')[-2::-2])


def _tail(source: Source, stopping: threading.Event) -> bytes:
    tail = b""
    with open_bytes(source) as file:
        if not source.gzipped:
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
