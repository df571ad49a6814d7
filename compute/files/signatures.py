"""Recognize a file by its first bytes where its name or the request says otherwise, or nothing."""

import re
import zipfile
from pathlib import Path

from compute.files.errors import BrokenFile
from compute.files.formats import Format

_ZIP, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PARQUET = re.compile(rb"PAR1[\0-\x08\x0e-\x1f]")  # no text goes on like this
_ENCRYPTED_PARQUET = b"PARE"
_ARROW, _ARROW_STREAM = b"ARROW1\0\0", b"\xff\xff\xff\xff"
_IN_WORKBOOKS = {"xl/workbook.xml": Format.XLSX, "content.xml": Format.ODS}  # by a file that is in one
_NAMES = {
    Format.PARQUET: "a Parquet file", Format.ARROW: "an Arrow file", Format.XLSX: "an Excel workbook",
    Format.XLS: "an old Excel workbook", Format.ODS: "an OpenDocument spreadsheet",
}  # fmt: skip
_LOOKED_AT = 1024


def check_signature(path: Path, head: bytes, expected: Format) -> None:
    """Raise BrokenFile where a file that begins with `head` is no file of the format `expected`, saying what it is."""
    found = binary_format(path, head)
    if found and found != expected:
        raise BrokenFile(
            f'The file is {_NAMES[found]}. Send "input_format": "{found}", or give it a name that ends with .{found}.'
        )
    if head.startswith(_ENCRYPTED_PARQUET) and expected == Format.PARQUET:
        raise BrokenFile("The file is an encrypted Parquet file. Write it without encryption.")
    if found is None and expected in _NAMES and not (expected == Format.PARQUET and head.startswith(b"PAR1")):
        raise _other(head, expected)


def binary_format(path: Path, head: bytes) -> Format | None:
    """Return the format of a file that is no text; None where it is text, or unknown."""
    if _PARQUET.match(head):
        return Format.PARQUET
    if head.startswith((_ARROW, _ARROW_STREAM)):
        return Format.ARROW
    if head.startswith(_OLD_WORKBOOK):
        return Format.XLS
    return _workbook(path) if head.startswith(_ZIP) else None


def text_format(text: str) -> Format:
    """Return the format of a text by its first characters."""
    start = text.lstrip()
    if start[:1] in ("[", "{"):
        return Format.JSON
    return Format.XML if re.match(r"<[?!A-Za-z_]", start) else Format.CSV


def _workbook(path: Path) -> Format | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return None
    return next((format_ for name, format_ in _IN_WORKBOOKS.items() if name in names), None)


def _other(head: bytes, expected: Format) -> BrokenFile:
    text = head[:_LOOKED_AT].decode("utf-8-sig", "replace")
    if "\0" in text or "\ufffd" in text[:-1]:
        return BrokenFile(f"The file cannot be read: it is not a whole {_NAMES[expected].split(' ', 1)[1]}.")
    found = text_format(text)
    return BrokenFile(
        f'The file is text, not {expected.capitalize()}. If it is {found.upper()}, send "input_format": "{found}".'
    )
