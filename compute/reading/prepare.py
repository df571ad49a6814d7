"""Make of a file what an engine can read.

What engines read as it is stays as it is: usual CSV, JSON, Parquet. All else is read here, once, into a Parquet file
of the job's own: exact, in bounded memory, and the same for all engines.
"""

import json
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

from compute.files.errors import BrokenFile
from compute.files.formats import MARK, Format, Source, check_names, format_of
from compute.files.locations import opened
from compute.files.parquet_file import check_footer
from compute.files.signatures import binary_format, check_signature, text_format
from compute.reading import workbooks, xml_outline, xml_records
from compute.reading.delimited import unique_names
from compute.reading.encodings import encoding_of, encoding_of_all
from compute.reading.json_records import copy_array, wrapped_records
from compute.reading.options import ReadOptions
from compute.reading.preparation import SNIFFED_BYTES, Preparation, Prepared, head_of
from compute.reading.prepare_text import prepared_text, usual_text
from compute.reading.text_files import copy_as_utf_8
from compute.reading.unpacking import is_packed, unpacked
from compute.reading.xml_elements import Apart


def prepared_url(url: str, format_: Format, options: ReadOptions) -> Prepared | None:
    """Return a source that an engine reads where it is; None where the file must be looked at more closely."""
    with opened(url) as file:
        head = file.read(SNIFFED_BYTES)
    work = Preparation(Path(), format_, options, Path())
    if format_ == Format.PARQUET:
        check_footer(url)
        return Prepared(work.source(Source(work.path, format_, format_, url=url)), work.given())
    found = usual_text(work, head, format_)
    return found and replace(found, source=replace(found.source, url=url))


def prepared(work: Preparation) -> Prepared:
    """Return the source; raise BrokenFile or UnusableOption."""
    work.options.check()
    path, name = unpacked(work.path, head_of(work.path), work.scratch)
    head = head_of(path)
    if path != work.path and is_packed(head):
        raise BrokenFile("The file is compressed twice. Decompress it once.")
    if not head.removeprefix(MARK).strip():
        raise BrokenFile("The file is empty: it has no columns.")
    format_ = work.format or format_of(name) or binary_format(path, head) or _text_format(head, work.options)
    check_signature(path, head, format_)
    work = replace(work, path=path, format=format_)
    if format_.is_text:
        return prepared_text(work, head, format_)
    if format_ in (Format.JSON, Format.JSONL):
        return _json(work, head, format_)
    if format_ == Format.PARQUET:
        check_footer(str(path))
        return Prepared(work.source(Source(path, format_, format_)), work.given())
    read = _xml if format_ == Format.XML else _arrow if format_ == Format.ARROW else _workbook
    return read(work, format_)


def _text_format(head: bytes, options: ReadOptions) -> Format:
    encoding = encoding_of(head, options.encoding)
    return text_format(head[encoding.mark_bytes :].decode(encoding.codec, "ignore"))


def _json(work: Preparation, head: bytes, format_: Format) -> Prepared:
    """Read JSON as it is but for another encoding, and for records that lie in an object."""
    encoding = encoding_of(head, work.options.encoding)
    if work.thoroughly:
        with work.path.open("rb") as file:
            encoding = encoding_of_all(file, work.options.encoding)
    guessed = ("encoding",) if encoding.is_guessed else ()
    if not encoding.is_utf_8:
        copy_as_utf_8(work.path, encoding, work.scratch / "as-utf-8")
        work = replace(work, path=work.scratch / "as-utf-8")
        head = head_of(work.path)
    start = head.removeprefix(MARK).lstrip()
    if len(start) < len(b"{}"):
        raise BrokenFile("The file has no records, so it has no columns.")
    read = {"encoding": encoding.codec} | work.given()
    found = Format.JSON if start.startswith(b"[") else Format.JSONL
    by_lines = _is_by_lines(head)
    may_wrap = format_ == Format.JSON and found == Format.JSONL and not (by_lines and _has_more_lines(start))
    if may_wrap and (array := wrapped_records(work.path, work.options.record)):
        copy_array(work.path, array, work.table)
        return Prepared(work.source(Source(work.table, Format.JSON, format_)), read | {"record": array.record}, guessed)
    return Prepared(work.source(Source(work.path, found, found, by_lines=by_lines)), read, guessed)


def _is_by_lines(head: bytes) -> bool:
    """Return whether records, one after the other, seem to be lines, which can be read in parallel; no byte order mark can."""
    first, end, _ = head.lstrip().partition(b"\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return not end and not head.startswith(MARK)
    return not head.startswith(MARK)


def _has_more_lines(start: bytes) -> bool:
    return bool(re.search(rb"\n\s*\S", start))


def _xml(work: Preparation, format_: Format) -> Prepared:
    """Read the records once; and again where one shows how all must be read, or haste has failed."""
    with work.path.open("rb") as file:
        asked = tuple(work.options.record.split(".")) if work.options.record else ()
        path = asked or xml_outline.record_path(file, work.options.encoding)
        at = xml_records.RecordsAt(path, is_only=bool(asked))
    apart = Apart()
    try:
        columns = _xml_columns(work, at, apart, quickly=work.most_rows is None)
    except (BrokenFile, xml_records.NotQuickError):
        columns = _xml_columns(work, at, apart, quickly=False)
    if not columns:
        raise BrokenFile("The file has no records, so it has no columns.")
    source = Source(work.table, Format.PARQUET, format_, columns=check_names(columns))
    return Prepared(work.source(source), {"record": ".".join(at.path)} | work.given())


def _xml_columns(work: Preparation, at: xml_records.RecordsAt, apart: Apart, *, quickly: bool) -> tuple[str, ...]:
    """Write the records, and return their columns."""
    from compute.reading.text_table import first_rows, write_pieces  # noqa: PLC0415 - as above

    while True:
        known = apart.count
        with work.path.open("rb") as file:
            records = xml_records.read_records(file, work.options.encoding, at, apart, quickly=quickly)
            columns = write_pieces(work.table, first_rows(records, work.most_rows))
        if known == apart.count:
            return columns


def _workbook(work: Preparation, format_: Format) -> Prepared:
    from compute.reading.text_table import write_rows  # noqa: PLC0415 - as above

    sheet = workbooks.open_sheet(work.path, work.options.sheet)
    rows = (row for row in islice(sheet.rows, work.options.skip_rows, None) if any(row))
    first = next(rows, None)
    if first is None:
        raise BrokenFile(f"The sheet {sheet.name} is empty: it has no columns.")
    names = unique_names(first if work.options.header else [""] * len(first))
    behind = rows if work.options.header else iter([first, *rows])
    columns = check_names(write_rows(work.table, names, work.first(behind), may_drop_last=not first[-1].strip()))
    read = {"sheet": sheet.name, "header": work.options.header} | work.given()
    return Prepared(work.source(Source(work.table, Format.PARQUET, format_, columns=columns)), read)


def _arrow(work: Preparation, format_: Format) -> Prepared:
    from compute.reading import arrow_file  # noqa: PLC0415 - as above

    arrow_file.to_parquet(work.path, work.table)
    return Prepared(work.source(Source(work.table, Format.PARQUET, format_)), work.given())
