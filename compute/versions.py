"""Whether a file is still the same, told by its version: a text that changes with every write. Free of Django."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from compute.places import MODIFIED, answering, filesystem, is_url

_WRITES = ("ETag", "etag", "VersionId", "generation")  # what stores give to each write or content


@dataclass(frozen=True)
class FileVersion:
    """The version of one file; texts of the same place are compared, and mean nothing else."""

    text: str

    @classmethod
    def of_stat(cls, found: os.stat_result) -> Self:
        """Return the version of a file on a file system.

        Everything but the ctime can be set, or carried over from another file. The device is left out: machines that share
        a network file system each number it as they like.
        """
        return cls(f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}")

    @classmethod
    def of_object(cls, info: Mapping[str, Any]) -> Self:
        """Return the version of an object, from what fsspec tells about it."""
        return cls(" ".join(str(info[key]) for key in ("size", *_WRITES, *MODIFIED) if info.get(key)))


def version_of(place: str) -> str | None:
    """Return the text of the version of the file at a place; None where there is none."""
    try:
        return _object_version(place) if is_url(place) else FileVersion.of_stat(stat_opened(place)).text
    except FileNotFoundError:
        return None


def stat_opened(path: str) -> os.stat_result:
    """Stat a file by opening it, if it may be read: NFS answers a mere stat from a cache that may be a minute old."""
    with suppress(PermissionError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)
    return os.stat(path)  # noqa: PTH116 - places are text


def _object_version(url: str) -> str:
    with answering(url):
        fs, path = filesystem(url)
        return FileVersion.of_object(fs.info(path)).text
