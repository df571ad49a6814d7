"""Detect a file's format, dialect and columns from its name and first bytes. Imports no Django."""

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from compute.files.errors import BrokenFile, quoted
from compute.files.locations import opened
from compute.files.parquet_file import check_footer
from compute.files.parse_errors import broken_gzip
from compute.files.signatures import check_signature
from compute.files.text_check import check_text
from config.core.csv_errors import csv_reason

SNIFFED_BYTES = 1024 * 1024  # a header line may be this long
DELIMITERS = ",;\t|"
MARK = codecs.BOM_UTF8
MISSING = ("", "NaN")  # texts that are missing values, as BLANKS alone are
BLANKS = " \t"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


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
    here, and found by the engine elsewhere. `by_lines`: each record of JSON is a line. `in_order`: where an engine would
    guess where rows begin to read them in parallel, it must not. Where there is a `url`, the file is there, not at `path`.
    `null_values`: texts that are missing values here. `holds_text`: JSON made of a format that has text only.
    """

    path: Path
    format: Format
    gzipped: bool = False
    delimiter: str = ","
    line_end: str = "\n"
    columns: tuple[str, ...] = ()
    by_lines: bool = True
    in_order: bool = False
    url: str = ""
    null_values: tuple[str, ...] = ()
    holds_text: bool = False

    @property
    def place(self) -> str:
        return self.url or str(self.path)

    @property
    def is_json(self) -> bool:
        return self.format in (Format.JSON, Format.JSONL)

    @property
    def is_text(self) -> bool:
        """Return whether its cells carry no type."""
        return self.format in (Format.CSV, Format.TSV)

    @property
    def may_be_plain(self) -> bool:
        """Return whether nothing yet speaks against a text whose lines are rows and end with \\n."""
        return (
            self.is_text and not self.gzipped and not self.in_order and self.line_end == "\n" and len(self.columns) > 1
        )


def format_of(name: str) -> Format | None:
    """Return the format that a file's name says (`sales.csv.gz` is CSV), None where it says nothing known."""
    path = PurePosixPath(name.lower())
    return SUFFIXES.get(PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix)


def inspect_source(path: Path, format_: Format, *, gzipped: bool, url: str = "") -> Source:
    """Look at the file's first bytes; raise BrokenFile where they cannot be what `format_` says."""
    found = Source(path, format_, gzipped, url=url)
    head = _head(found)
    start = head.removeprefix(MARK).lstrip()
    if not start:
        raise BrokenFile("The file is empty: it has no columns.")
    check_signature(head, format_, gzipped=gzipped)
    if found.is_json:
        if len(start) < len(b"{}"):
            raise BrokenFile("The file has no records, so it has no columns.")
        format_ = Format.JSON if start.startswith(b"[") else Format.JSONL
        return replace(found, format=format_, by_lines=_is_by_lines(head))
    if found.is_text:
        text = _first_lines(head)
        delimiter = "\t" if format_ == Format.TSV else _delimiter(text)
        names, line_end = _header(text, delimiter)
        return replace(found, delimiter=delimiter, line_end=line_end, columns=check_names(names))
    if format_ == Format.PARQUET:
        check_footer(found.place)
    return found


@contextmanager
def open_bytes(source: Source) -> Iterator[BinaryIO]:
    """Open the file for reading, unpacked; raise BrokenFile where the block finds that it cannot be unpacked."""
    try:
        with gzip.open(source.path) if source.gzipped else opened(source.place) as file:
            yield cast(BinaryIO, file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise broken_gzip(error) from error


def check_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns' names; raise BrokenFile where one is blank or no text, or two differ at most in case."""
    seen: dict[str, str] = {}
    for number, name in enumerate(columns, 1):
        if not name.strip():
            raise BrokenFile(f"Column {number} has no name.")
        if _NO_TEXT.search(name):  # which no database stores
            raise BrokenFile(f"The name of column {number}, {quoted(name)}, is not text; rename it.")
        if other := seen.get(name.casefold()):
            raise BrokenFile(f"The names of the columns {quoted(other)} and {quoted(name)} are the same; rename one.")
        seen[name.casefold()] = name
    return tuple(columns)


def _is_by_lines(head: bytes) -> bool:
    """Return whether records, one after the other, seem to be lines, which can be read in parallel; no byte order mark can."""
    first, end, _ = head.lstrip().partition(b"\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return not end and not head.startswith(MARK)
    return not head.startswith(MARK)


def _head(source: Source) -> bytes:
    with open_bytes(source) as file:
        return file.read(SNIFFED_BYTES)


def _first_lines(head: bytes) -> str:
    check_text(head, is_all=len(head) < SNIFFED_BYTES)
    return head.decode("utf-8-sig", "ignore")  # the last character may be cut off


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


def _header(text: str, delimiter: str) -> tuple[list[str], str]:
    """Return the names in the header, and how its line ends."""
    lines = io.StringIO(text, newline="")
    try:
        names = next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BrokenFile(f"The header cannot be read: {csv_reason(error)}.") from error
    if not names:
        raise BrokenFile("The first line is blank; it must be the header.")
    header, rest = text[: lines.tell()], text[lines.tell() :]
    end = header[len(header.rstrip("\r\n")) :]
    if rest.startswith(("\r", "\n")) and not rest.startswith(end):  # DuckDB takes it for two blank lines
        raise BrokenFile("The file cannot be read: line 2: its line ends are mixed.")
    return names, end or "\n"
