"""Unpack a file: gzip, bzip2, xz, Zstandard, or the one member of a ZIP archive. What it is, its first bytes say."""

import bz2
import errno
import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from compute.files.errors import BrokenFile, listed
from compute.files.parse_errors import broken_packing

COPIED_BYTES = 1024 * 1024
_NOT_TOLD = ("__MACOSX/", ".DS_Store", "Thumbs.db")  # what systems put beside a file
_WORKBOOKS = ("[Content_Types].xml", "content.xml")  # which only a workbook that is packed as ZIP has
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def unpacked(path: Path, head: bytes, scratch: Path, *, most_bytes: int | None = None) -> tuple[Path, str]:
    """Return the path of what is packed in a file that begins with `head`, and its name if that is known.

    The same path where nothing is packed. Raises BrokenFile, also for what has more than `most_bytes`.
    """
    how = _packing(head)
    if how == "zip":
        return _member(path, scratch, most_bytes)
    if not how:
        return path, ""
    with _broken_as_such(how), _OPENERS[how](path) as file:
        return _copied(file, scratch, most_bytes), ""


def is_packed(head: bytes) -> bool:
    """Return whether a file that begins with `head` is packed; a ZIP archive may be a workbook, and does not count."""
    return _packing(head) not in ("", "zip")


def _packing(head: bytes) -> str:
    return next((name for name, start in _SIGNATURES.items() if re.match(start, head)), "")


_SIGNATURES = {
    "gzip": rb"\x1f\x8b\x08", "bzip2": rb"BZh[1-9]1AY&SY", "xz": rb"\xfd7zXZ\0", "Zstandard": rb"\x28\xb5\x2f\xfd",
    "zip": rb"PK\x03\x04",
}  # fmt: skip


def _open_zstandard(path: Path) -> BinaryIO:
    import pyarrow as pa  # noqa: PLC0415 - who reads other files needs no Arrow here

    return cast(BinaryIO, pa.input_stream(str(path), compression="zstd"))


_OPENERS: dict[str, Callable[[Path], Any]] = {
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "xz": lzma.open,
    "Zstandard": _open_zstandard,
}


def _member(path: Path, scratch: Path, most_bytes: int | None) -> tuple[Path, str]:
    with _broken_as_such("zip"), zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if any(name in _WORKBOOKS for name in names):
            return path, ""
        files = [name for name in names if not name.startswith(_NOT_TOLD) and PurePosixPath(name).name not in _NOT_TOLD]
        if len(files) != 1:
            what = f"{len(files)} files: {listed(files)}" if files else "no file"
            raise BrokenFile(f"The ZIP archive holds {what}. Compress a single file, or send the files uncompressed.")
        if archive.getinfo(files[0]).flag_bits & 1:
            raise BrokenFile("The ZIP archive is encrypted. Compress it without a password.")
        with archive.open(files[0]) as file:
            return _copied(cast(BinaryIO, file), scratch, most_bytes), PurePosixPath(files[0]).name


def _copied(file: BinaryIO, scratch: Path, most_bytes: int | None) -> Path:
    target = scratch / "unpacked"
    with target.open("wb") as copy:
        while piece := file.read(COPIED_BYTES):
            copy.write(piece)
            if most_bytes is not None and copy.tell() > most_bytes:
                raise BrokenFile(f"More than {most_bytes} bytes are compressed in the file; split it.")
    return target


@contextmanager
def _broken_as_such(how: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno not in (
            None,
            errno.EINVAL,
        ):  # of the disk; a ZIP leads to no place
            raise
        raise broken_packing(how, error) from error
