"""Translate DuckDB's errors into ours: its messages name its own options."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from compute.engines.base import Target
from compute.engines.duckdb.database import forget
from compute.engines.duckdb.files import NO_RECORD
from compute.engines.duckdb.sql import raised
from compute.files import json_file
from compute.files.errors import (
    BrokenFile,
    ComputeError,
    DiskFull,
    InexactTogether,
    LimitReached,
    OutOfRange,
    UnwritableValue,
    quoted,
)
from compute.files.formats import Source
from compute.operations.base import Scan
from compute.operations.cell_types import CastError, Cell, CellType

logger = logging.getLogger(__name__)

MOST_JSON_BYTES = 64 * 1024 * 1024  # that our own reader, which has all of it in memory, is asked about
_PLACE = re.compile(r"(?:on Line: |in line |in record/value )(\d+)")
_OUR_BUGS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


@contextmanager
def duckdb_errors(source: Source, scan: Scan, target: Target | None) -> Iterator[None]:
    """Raise what DuckDB refuses as a ComputeError or an EngineSignal; a bug of ours passes through."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if found := raised(text):
            raise _finding(*found, scan, target) from error
        if limit := _limit(text, error):
            raise limit from error
        if (
            "INT128" in text
            or "HUGEINT" in text
            or "Overflow in SUM" in text
            or "out of range for the destination type INT64" in text
        ):
            raise OutOfRange from error
        if isinstance(error, _OUR_BUGS):
            raise
        if isinstance(error, duckdb.InternalException | duckdb.FatalException):  # which damaged files bring about
            logger.exception("DuckDB failed at a file")
            forget()
        raise _broken(text, source) from error


def _limit(text: str, error: duckdb.Error) -> ComputeError | None:
    """Return which limit a query met: the disk's, or one of the job's own."""
    if "No space left" in text or "max_temp_directory_size" in text:  # nobody sets it: it is what is free on the disk
        forget()
        return DiskFull()
    if isinstance(error, duckdb.OutOfMemoryException):
        return LimitReached("The job needs more memory than it may have; ask for fewer columns or groups.")
    if "File too large" in text:
        return LimitReached("The result, or the rows set aside, are larger than a job may write.")
    return None


def _finding(what: str, where: str, value: str, scan: Scan, target: Target | None) -> Exception:
    """Return what a query raised."""
    if what == "unwritable":
        return UnwritableValue(where, value, target.format if target else "json")
    if what == "inexact":
        return InexactTogether(scan.melted[int(where)], value)
    number = int(where)
    return CastError(Cell(scan.melted[number], CellType.NUMBER) if scan.melted else scan.cells[number], value)


def _broken(text: str, source: Source) -> BrokenFile:
    """Return why the file cannot be read: what our own reader says, or where DuckDB stopped."""
    if NO_RECORD in text:
        return BrokenFile(f"The file cannot be read: {quoted(text.partition(NO_RECORD)[2])} is not a record.")
    try:
        _ask_our_reader(source)
    except BrokenFile as reason:
        return reason
    place = _PLACE.search(text)
    where = f" at {'line' if source.is_text or source.by_lines else 'record'} {place[1]}" if place else ""
    return BrokenFile(f"The file cannot be read: it is damaged{where}.")


def _ask_our_reader(source: Source) -> None:
    if source.is_json and source.path.stat().st_size <= MOST_JSON_BYTES:
        json_file.check_records(source)
