"""Leave usual delimited text to engines, and read the rest row by row into a Parquet file of text."""

import io
import math
from dataclasses import replace
from typing import Any

from compute.files.errors import BrokenFile
from compute.files.formats import Format, Source, check_names
from compute.files.text_check import check_text
from compute.reading.delimited import DelimitedText
from compute.reading.dialects import Dialect, detected, other_dialects
from compute.reading.encodings import UTF_8, Encoding, encoding_of, encoding_of_all
from compute.reading.preparation import Preparation, Prepared, head_of
from compute.reading.text_files import copy_as_utf_8, open_text

MOST_PREVIEW_BYTES = 256 * 1024 * 1024  # looked at for the encoding of a file of which a few rows are read: 0.1 s


def prepared_text(work: Preparation, head: bytes, format_: Format) -> Prepared:
    """Leave usual text to engines, in another encoding as a copy in UTF-8; read the rest row by row."""
    if work.thoroughly or work.most_rows:
        return _delimited(work, head, format_)
    if usual := usual_text(work, head, format_):
        return usual
    with work.path.open("rb") as file:
        encoding = encoding_of_all(file, work.options.encoding)
    if not encoding.is_utf_8:
        copy = work.scratch / "as-utf-8"
        copy_as_utf_8(work.path, encoding, copy)
        as_utf_8 = replace(work, path=copy, options=replace(work.options, encoding=UTF_8))
        if usual := usual_text(as_utf_8, head_of(copy), format_):
            guessed = ("encoding",) if encoding.is_guessed else ()
            return replace(usual, read=usual.read | {"encoding": encoding.codec}, guessed=guessed)
    return _delimited(work, head, format_)


def usual_text(work: Preparation, head: bytes, format_: Format) -> Prepared | None:
    """Return the file as it is, if engines read it as our own reader does, as far as its first bytes tell."""
    encoding = encoding_of(head, work.options.encoding)
    if not (work.options.is_plain and encoding.is_utf_8 and _is_text(head)):
        return None
    text = head[encoding.mark_bytes :].decode("utf-8", "ignore")  # the last character may be cut off
    dialect = detected(text, work.options, tabs=format_ == Format.TSV)
    lines = io.StringIO(text, newline="")
    try:
        first = DelimitedText(lines, dialect, work.options.on_bad_rows)
        is_renamed = first.is_renamed
    except BrokenFile:
        return None
    header, rest = text[: lines.tell()], text[lines.tell() :]
    end = header[len(header.rstrip("\r\n")) :]
    is_mixed = rest.startswith(("\r", "\n")) and not rest.startswith(end)
    if not dialect.is_usual or is_renamed or text.startswith(("\r", "\n")) or is_mixed:
        return None
    source = Source(
        work.path,
        format_,
        format_,
        delimiter=dialect.delimiter,
        line_end=end or "\n",
        columns=check_names(first.columns),
    )
    return Prepared(work.source(source), _told_of_text(encoding, dialect) | work.given())


def _is_text(head: bytes) -> bool:
    try:
        check_text(head, is_all=False)
    except BrokenFile:
        return False
    return True


def _told_of_text(encoding: Encoding, dialect: Dialect) -> dict[str, Any]:
    marks = {"escape": dialect.escape, "comment": dialect.comment, "skip_rows": dialect.skipped_lines}
    return {
        "encoding": encoding.codec,
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
        "header": dialect.has_header,
        **{name: value for name, value in marks.items() if value},
    }


def _delimited(work: Preparation, head: bytes, format_: Format) -> Prepared:
    """Read the text row by row; where that fails for its quotes, in the other dialects that it may be in."""
    with work.path.open("rb") as file:
        most_bytes = MOST_PREVIEW_BYTES if work.most_rows and not work.thoroughly else math.inf
        encoding = encoding_of_all(file, work.options.encoding, most_bytes=most_bytes)
    text = head[encoding.mark_bytes :].decode(encoding.codec, "ignore")
    usual = detected(text, work.options, tabs=format_ == Format.TSV)
    try:
        return _rows(work, encoding, usual)
    except BrokenFile as refusal:
        for dialect in other_dialects(usual, work.options):
            try:
                return _rows(work, encoding, dialect)
            except BrokenFile:
                continue
        raise refusal from None


def _rows(work: Preparation, encoding: Encoding, dialect: Dialect) -> Prepared:
    from compute.reading.text_table import write_rows  # noqa: PLC0415 - Arrow must not be there before a child is prepared

    with open_text(work.path, encoding) as file:
        text = DelimitedText(file, dialect, work.options.on_bad_rows)
        rows = work.first(text.rows())
        columns = check_names(write_rows(work.table, text.columns, rows, may_drop_last=text.ends_nameless))
    original = work.format or Format.CSV
    source = Source(work.table, Format.PARQUET, original, delimiter=dialect.delimiter, columns=columns)
    read = _told_of_text(encoding, dialect) | work.given()
    guessed = ("encoding",) if encoding.is_guessed else ()
    return Prepared(work.source(source), read, guessed, text.bad_rows)
