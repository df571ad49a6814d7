"""What a file is: its format by name or wish, its dialect and columns by its first bytes. Free of Django and of engines."""

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from compute.faults import BrokenFile

SNIFFED_BYTES = 1024 * 1024  # a header line may be this long
DELIMITERS = ",;\t|"


class Format(StrEnum):
    """The formats that are read and written."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    XML = "xml"
    PARQUET = "parquet"


SUFFIXES = {
    ".csv": Format.CSV, ".txt": Format.CSV, ".tsv": Format.TSV, ".tab": Format.TSV, ".json": Format.JSON,
    ".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".xml": Format.XML, ".parquet": Format.PARQUET, ".pq": Format.PARQUET,
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A file that an engine can read.

    `format` is what it really holds (a .json file of lines is JSONL); `columns` are known for CSV, whose header is read
    here, and found by the engine elsewhere.
    """

    path: Path
    format: Format
    gzipped: bool = False
    delimiter: str = ","
    columns: tuple[str, ...] = ()

    @property
    def is_json(self) -> bool:
        return self.format in (Format.JSON, Format.JSONL)

    @property
    def is_text(self) -> bool:
        """Whether its cells carry no type."""
        return self.format in (Format.CSV, Format.TSV)


def format_of(name: str) -> Format | None:
    """Return the format that a file's name says (`sales.csv.gz` is CSV), None where it says nothing known."""
    path = PurePosixPath(name.lower())
    return SUFFIXES.get(PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix)


def look_into(path: Path, format_: Format, *, gzipped: bool) -> Source:
    """Look at the file's first bytes; raise BrokenFile where they cannot be what `format_` says."""
    head = _head(path, gzipped=gzipped)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise BrokenFile("The file is empty: it has no columns.")
    if format_ in (Format.JSON, Format.JSONL):
        is_array = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
        return Source(path, Format.JSON if is_array else Format.JSONL, gzipped)
    if format_ in (Format.CSV, Format.TSV):
        text = _first_lines(head)
        delimiter = "\t" if format_ == Format.TSV else _delimiter(text)
        columns = _header(text, delimiter)
        return Source(path, format_, gzipped, delimiter, check_names(columns))
    return Source(path, format_, gzipped)


def open_bytes(source: Source) -> BinaryIO:
    """Open the file for reading, unpacked."""
    return cast(BinaryIO, gzip.open(source.path)) if source.gzipped else source.path.open("rb")


def check_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns' names; raise BrokenFile where one is blank or two differ at most in case."""
    seen: dict[str, str] = {}
    for number, name in enumerate(columns, 1):
        if not name.strip():
            raise BrokenFile(f"Column {number} has no name.")
        if other := seen.get(name.casefold()):
            raise BrokenFile(f"The names of the columns {other!r} and {name!r} are the same; rename one.")
        seen[name.casefold()] = name
    return tuple(columns)


def _head(path: Path, *, gzipped: bool) -> bytes:
    try:
        with closing(open_bytes(Source(path, Format.CSV, gzipped))) as file:
            return file.read(SNIFFED_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenFile(f"The file cannot be unpacked: {error}.") from error


def _first_lines(head: bytes) -> str:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) < SNIFFED_BYTES or error.start < len(head) - 4:
            raise BrokenFile(
                f"The file is not UTF-8: byte {error.start} is 0x{head[error.start]:02x}. Convert it, such as with"
                " iconv -f latin1 -t utf-8."
            ) from error
        text = head[: error.start].decode("utf-8-sig")
    if "\0" in text:
        raise BrokenFile("The file holds a NUL character; it is not text.")
    return text


def _delimiter(text: str) -> str:
    """Return the delimiter that the header has most of, outside quotes; a comma where it has none."""
    counts, quoted = dict.fromkeys(DELIMITERS, 0), False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "\r\n":
            break
        elif not quoted and character in counts:
            counts[character] += 1
    return max(counts, key=lambda delimiter: counts[delimiter])


def _header(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise BrokenFile(f"The header cannot be read: {error}.") from error
