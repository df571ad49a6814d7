"""Bring what an aircraft left into text that can be read line by line, with compute's readers: one code for all files.

UTF-8 is read where it is. What is packed, in another encoding, or a sheet of a workbook becomes a temporary copy. Imports no
models.
"""

import codecs
import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compute.files.errors import BrokenFile
from compute.files.signatures import binary_format
from compute.reading.encodings import UTF_8, encoding_of, encoding_of_all
from compute.reading.text_files import copy_as_utf_8
from compute.reading.unpacking import is_packed, unpacked
from compute.reading.workbooks import Sheet, sheets

HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 1024 * 1024
MOST_WORKBOOK_BYTES = 256 * 1024**2  # unpacked: a workbook is read in memory
SHEET_DELIMITER = ";"


@dataclass(frozen=True)
class TextCopy:
    """The path of a text in UTF-8, and what it was made of: for people, an encoding or a sheet."""

    path: Path
    read_as: str


def text_of(path: Path, scratch: Path, *, wanted: Sequence[str], most_bytes: int) -> TextCopy:
    """Return the text; raise BrokenFile. Of a workbook, it is the first sheet that has the `wanted` columns."""
    head = _head(path)
    inner, _ = unpacked(path, head, scratch, most_bytes=most_bytes)
    if inner != path:
        head = _head(inner)
        if is_packed(head):
            raise BrokenFile("The file is packed twice. Unpack it once.")
    if (format_ := binary_format(inner, head)) is not None:
        if not format_.is_workbook:
            raise BrokenFile(f"The file is {format_.capitalize()}, not CSV or a workbook.")
        return _sheet(inner, scratch / "sheet", wanted)
    return _text(inner, head, scratch / "as-utf-8")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _text(path: Path, head: bytes, copy: Path) -> TextCopy:
    if encoding_of(head, "").is_utf_8 and _is_utf_8(path):  # NULs and all: a bad row must not stop the good ones
        return TextCopy(path, UTF_8)
    with path.open("rb") as file:
        encoding = encoding_of_all(file, "")
    copy_as_utf_8(path, encoding, copy)
    return TextCopy(copy, f"{encoding.codec}, a guess" if encoding.is_guessed else encoding.codec)


def _is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder(UTF_8)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _sheet(path: Path, copy: Path, wanted: Sequence[str]) -> TextCopy:
    """Write the sheet as CSV: the one with the columns, else the first, whose header an error will show."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_WORKBOOK_BYTES:
                raise BrokenFile(f"The workbook has more than {MOST_WORKBOOK_BYTES} bytes unpacked. Save it as CSV.")
    found = list(sheets(path))
    rows = [(sheet, next(sheet.rows, [])) for sheet in found]
    sheet, header = next((each for each in rows if _has(each[1], wanted)), rows[0])
    _write(sheet, header, copy)
    return TextCopy(copy, f"the sheet {sheet.name}")


def _has(header: Sequence[str], wanted: Sequence[str]) -> bool:
    return set(wanted) <= {name.strip().lower() for name in header}


def _write(sheet: Sheet, header: Sequence[str], copy: Path) -> None:
    with copy.open("w", encoding=UTF_8, newline="") as file:
        writer = csv.writer(file, delimiter=SHEET_DELIMITER, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(sheet.rows)
