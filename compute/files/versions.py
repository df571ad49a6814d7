"""Versions of files: a text that changes with every write; and copies, each of one version. Free of Django."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from compute.files.errors import FileChanged
from compute.files.locations import MODIFIED, answering, filesystem, is_url, moment_of

_WRITES = ("ETag", "etag", "VersionId", "generation")  # what stores give to each write or content
_IDENTITIES = ("fileId", "ino")  # of webhdfs and file://: another one for another file
_SECOND_NS = 10**9
# Clocks of file systems tick every 10 ms or faster; those that tell whole seconds every 1 s, and FAT every 2 s.
MARGIN_NS = _SECOND_NS // 10
WHOLE_SECONDS_MARGIN_NS = 2 * _SECOND_NS


@dataclass(frozen=True)
class FileVersion:
    """Version of a file, to be compared with other versions of the same path.

    `changed_ns`: when it was last written, by the clock of who stores it; None where no two writes have the same version.
    """

    text: str
    changed_ns: int | None

    @classmethod
    def of_stat(cls, found: os.stat_result) -> Self:
        """Return the version of a file on a file system.

        Everything but the ctime can be set, or carried over from another file. The device is left out: machines that share
        a network file system each number it as they like.
        """
        text = f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}"
        return cls(text, found.st_ctime_ns)

    @classmethod
    def of_object(cls, info: Mapping[str, Any]) -> Self:
        """Return the version of an object, from what fsspec tells about it."""
        text = " ".join(str(info[key]) for key in ("size", *_WRITES, *_IDENTITIES, *MODIFIED) if info.get(key))
        moment = moment_of(info)
        changed_ns = int(moment.timestamp()) * _SECOND_NS + moment.microsecond * 1000
        return cls(text, None if any(info.get(key) for key in _WRITES) else changed_ns)

    def is_racy(self, now_ns: int) -> bool:
        """Return whether a write after `now_ns` may leave this version, as the clock has not ticked since the last one.

        Git knows it of its index as "racily clean". A time in the future is of a clock that was set, and 0 of a store that
        tells none: nothing is sure then.
        """
        if self.changed_ns is None:
            return False
        margin = MARGIN_NS if self.changed_ns % _SECOND_NS else WHOLE_SECONDS_MARGIN_NS
        return not 0 < self.changed_ns <= now_ns - margin


def version_of(place: str) -> str | None:
    """Return the text of the version of the file at a place; None where there is none."""
    try:
        return _object_version(place) if is_url(place) else FileVersion.of_stat(stat_opened(place)).text
    except FileNotFoundError:
        return None


def fetch(url: str, path: Path, version: str) -> None:
    """Copy this version of an object to this machine; raise FileChanged where another one is there, or none.

    Drivers ask for a large object in parts, and for the rest of a body that broke off: of whatever version is there then.
    """
    with answering(url):
        fs, there = filesystem(url)
        try:
            fs.get_file(there, str(path))
            found = fs.info(there)
        except FileNotFoundError as error:
            raise FileChanged("The file is gone since it was asked for.", field="file_path") from error
    if FileVersion.of_object(found).text != version or path.stat().st_size != found["size"]:
        raise FileChanged("The file was replaced while it was being read. Ask again.", field="file_path")


def stat_opened(path: str) -> os.stat_result:
    """Stat a file by opening it, if it may be read: NFS answers a mere stat from a cache that may be a minute old."""
    with suppress(PermissionError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)
    return os.stat(path)  # noqa: PTH116 - locations are text


def write_back(place: str) -> None:
    """Bring to the disk what a file has in memory only: until then, a page that is mapped may change without a new ctime."""
    if is_url(place):
        return
    with suppress(OSError), Path(place).open("rb") as file:  # one that cannot be read fails when it is
        os.fsync(file.fileno())


def _object_version(url: str) -> str:
    with answering(url):
        fs, path = filesystem(url)
        return FileVersion.of_object(fs.info(path)).text
