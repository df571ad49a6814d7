"""Formats by the names of files, and what an engine is given to read. Imports no Django."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from compute.files.errors import BrokenFile, quoted
from compute.files.locations import opened
from compute.files.notation import PLAIN, Notation
from compute.files.twins import told_apart

DELIMITERS = ",;\t|"
MARK = b"\xef\xbb\xbf"
MAX_ROW_BYTES = 2_000_000  # of delimited text
MISSING = ("", "NaN")  # texts that are missing values, as BLANKS alone are
BLANKS = " \t"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class Format(StrEnum):
    """The formats that are read, and those of OUTPUTS written."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    XML = "xml"
    PARQUET = "parquet"
    ARROW = "arrow"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"

    @property
    def is_text(self) -> bool:
        """Return whether it is delimited text."""
        return self in (Format.CSV, Format.TSV)

    @property
    def is_workbook(self) -> bool:
        return self in (Format.XLSX, Format.XLS, Format.ODS)


OUTPUTS = (Format.CSV, Format.TSV, Format.JSON, Format.JSONL, Format.XML, Format.PARQUET, Format.ARROW, Format.XLSX)
SUFFIXES = {
    ".csv": Format.CSV, ".txt": Format.CSV, ".tsv": Format.TSV, ".tab": Format.TSV, ".json": Format.JSON,
    ".geojson": Format.JSON, ".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".xml": Format.XML,
    ".parquet": Format.PARQUET, ".pq": Format.PARQUET, ".arrow": Format.ARROW, ".feather": Format.ARROW,
    ".xlsx": Format.XLSX, ".xlsm": Format.XLSX, ".xls": Format.XLS, ".ods": Format.ODS,
}  # fmt: skip
PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")


@dataclass(frozen=True)
class Source:
    """A file that an engine can read: CSV, JSON or Parquet.

    `format` is what lies there (a .json file of lines is JSONL, what was brought into a readable form Parquet of text),
    `original` what the user's file is; `columns` are known but for JSON and Parquet of the user's. `by_lines`: each record of
    JSON is a line; `paths`: where its columns are in a record, if not under their names. Where there is a `url`, the file is
    there; a file of the job's own is at `path` as well. `null_values`: texts that are missing values here; `notation`: how
    numbers are written in its text.
    """

    path: Path
    format: Format
    original: Format
    delimiter: str = ","
    line_end: str = "\n"
    columns: tuple[str, ...] = ()
    by_lines: bool = True
    paths: tuple[tuple[str, ...], ...] = ()
    url: str = ""
    null_values: tuple[str, ...] = ()
    notation: Notation = PLAIN

    @property
    def place(self) -> str:
        return self.url or str(self.path)

    @property
    def is_json(self) -> bool:
        return self.format in (Format.JSON, Format.JSONL)

    @property
    def is_text(self) -> bool:
        """Return whether its cells carry no type."""
        return self.format.is_text

    @property
    def may_be_plain(self) -> bool:
        """Return whether nothing yet speaks against a text whose lines are rows and end with \\n."""
        return self.is_text and self.line_end == "\n" and len(self.columns) > 1 and self.notation.is_plain


def format_of(name: str) -> Format | None:
    """Return the format that a file's name says (`sales.csv.gz` is CSV), None where it says nothing known."""
    path = PurePosixPath(name.lower())
    return SUFFIXES.get(PurePosixPath(path.stem).suffix if path.suffix in PACKED else path.suffix)


@contextmanager
def open_bytes(source: Source) -> Iterator[BinaryIO]:
    """Open the file for reading."""
    with opened(source.place) as file:
        yield file


def check_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns' names, told apart where they differ only in case; raise BrokenFile where one is blank or no text."""
    for number, name in enumerate(columns, 1):
        if not name.strip():
            raise BrokenFile(f"Column {number} has no name.")
        if _NO_TEXT.search(name):  # which no database stores
            raise BrokenFile(f"The name of column {number}, {quoted(name)}, is not text; rename it.")
    if len(set(columns)) < len(columns):
        repeated = max(columns, key=list(columns).count)
        raise BrokenFile(f"Two columns have the name {quoted(repeated)}; rename one.")
    return told_apart(columns)
