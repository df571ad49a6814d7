"""Bring a file that is imported into text that can be read line by line: one code for all files.

UTF-8 is read where it is. What is packed, in another encoding, or a sheet of a workbook becomes a temporary copy.
"""

import codecs
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compute.files.errors import BrokenFile
from compute.files.signatures import binary_format
from compute.reading.encodings import UTF_8, WrongEncoding, encoding_of, encoding_of_all
from compute.reading.sheet_copy import copy_sheet
from compute.reading.text_files import copy_as_utf_8
from compute.reading.unpacking import is_packed, unpacked

HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 1024 * 1024


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
            raise BrokenFile("The file is compressed twice. Decompress it once.")
    if (format_ := binary_format(inner, head)) is not None:
        if not format_.is_workbook:
            raise BrokenFile(f"The file is {format_.capitalize()}, not CSV or a workbook.")
        return _sheet(inner, scratch, wanted)
    text = _text(inner, head, scratch / "as-utf-8")
    if inner not in (path, text.path):
        inner.unlink()
    return text


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _text(path: Path, head: bytes, copy: Path) -> TextCopy:
    if encoding_of(head, "").is_utf_8 and _is_utf_8(path):  # NULs and all: a bad row must not stop the good ones
        return TextCopy(path, UTF_8)
    with path.open("rb") as file:
        encoding = encoding_of_all(file, "")
    try:
        copy_as_utf_8(path, encoding, copy)
    except WrongEncoding as error:
        raise BrokenFile(f"{error.what} Save it as UTF-8.") from error
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


def _sheet(path: Path, scratch: Path, wanted: Sequence[str]) -> TextCopy:
    workbook = scratch / "workbook"  # the other process has no descriptor of ours
    shutil.copyfile(path, workbook)
    copy = scratch / "sheet"
    return TextCopy(copy, f"the sheet {copy_sheet(workbook, copy, wanted)}")
