"""Interface of a storage, and what all storages share.

Callers' paths are relative to the root. `results/` belongs to the jobs; names that begin with a dot are our own and do not
exist for callers.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from compute.exceptions import FileExists, FileMissing, OutsideRoot, UnusableName
from compute.files.versions import FileVersion
from config.core.disk import Space

RESULTS = "results"
SCRATCH = ".scratch"
UPLOADS = "uploads"
MAX_NAME_BYTES = 200
MAX_PATH_BYTES = 500
ABANDONED_SECONDS = 24 * 3600.0  # what nobody wrote to for so long, nobody will


@dataclass(frozen=True)
class StoredFile:
    """A file below the root: `path` as clients know it, `place` where it lies, `version` changes with its content."""

    path: str
    place: str
    bytes: int
    version: FileVersion
    modified_at: datetime


class Incoming(Protocol):
    """An upload in progress, invisible until it is committed."""

    @property
    def space(self) -> Space | None:
        """The room on the disk that it goes to; None where that has no bound."""

    def write(self, block: bytes) -> None:
        """Take in the next bytes."""

    def commit(self, path: str, *, overwrite: bool) -> None:
        """Make it the file at `path`; raise FileExists unless it may replace one."""

    def rollback(self) -> None:
        """Drop it, unless it was kept."""


class Storage(Protocol):
    """Files and results below COMPUTE_ROOT. Methods may raise StorageUnavailable."""

    @property
    def results(self) -> str:
        """The place of the folder of results."""

    def existing_file(self, file_path: str, *, field: str) -> StoredFile:
        """Return a caller's file; raise OutsideRoot, FileMissing or NotAFile."""

    def upload_path(self, file_path: str, *, field: str) -> str:
        """Return the path of an upload called `file_path`; raise OutsideRoot, UnusableName or NotAFile."""

    def is_file(self, path: str) -> bool:
        """Return whether there is a file at a path of our own, such as a result's."""

    def version_of(self, path: str) -> str | None:
        """Return the text of the version of the file at a path of our own; None where there is none."""

    def files(self, *, below: str = "", after: str = "") -> Iterator[StoredFile]:
        """Yield the visible files in a folder by path, those behind `after`."""

    def open(self, file: StoredFile) -> BinaryIO:
        """Open a file for reading."""

    def remove(self, path: str) -> None:
        """Remove a file if it is there."""

    def rename(self, file: StoredFile, path: str, *, overwrite: bool) -> None:
        """Give a file another path; raise FileExists unless it may replace one, FileMissing where it is gone."""

    def incoming(self, path: str | None) -> Incoming:
        """Begin an upload; `path` is where it shall go, if that is known already."""

    def now_ns(self) -> int:
        """Return the time by the clock that files' versions are told in."""

    def scratch(self, name: str) -> Path:
        """Return the path, on this machine, of a folder for one attempt at a job."""

    def shared_scratch(self, name: str) -> str:
        """Return the place of a folder for the same attempt that the machines of a cluster reach too."""

    def scratch_names(self) -> set[str]:
        """Return the attempts of which something is left."""

    def remove_scratch(self, name: str) -> None:
        """Remove what an attempt kept aside."""

    def remove_abandoned_uploads(self) -> None:
        """Remove uploads whose process died."""


def plain_path(file_path: str, field: str) -> PurePosixPath:
    """Return a caller's path where it stays below the root by its looks; raise OutsideRoot or FileMissing."""
    if "\0" in file_path:
        raise OutsideRoot("The path holds a NUL character.", field=field)
    path = PurePosixPath(file_path)
    if path.is_absolute() or ".." in path.parts:
        raise OutsideRoot("Give a path below COMPUTE_ROOT, such as sales.csv, without .. in it.", field=field)
    if any(part.startswith(".") for part in path.parts):
        raise missing(file_path, field)
    return path


def check_upload_name(file_path: str, field: str) -> None:
    """Raise UnusableName or OutsideRoot where no upload may be called that."""
    parts = PurePosixPath(file_path).parts
    if any(not part.isprintable() or len(part.encode()) > MAX_NAME_BYTES for part in parts):
        raise UnusableName("A name must be of printable characters, at most 200 bytes in each part.", field=field)
    if len(file_path.encode()) > MAX_PATH_BYTES:
        raise UnusableName(f"A path may have at most {MAX_PATH_BYTES} bytes.", field=field)
    if not parts or any(part.startswith(".") and part != ".." for part in parts):
        raise UnusableName("Give the file a name that does not begin with a dot.", field=field)
    if parts[0] == RESULTS:
        raise OutsideRoot(f"{RESULTS}/ belongs to the jobs; choose another folder.", field=field)


def missing(file_path: str, field: str) -> FileMissing:
    """Return what to raise where there is no such file."""
    return FileMissing(f"There is no file {file_path}; GET /api/compute/files lists those there are.", field=field)


def file_exists(path: str) -> FileExists:
    """Return what to raise where an upload would replace a file."""
    return FileExists(f"{path} is there already. Choose another name, or set overwrite to true.", field="file_path")


def remove_abandoned(uploads: Iterable[Path]) -> None:
    """Remove those of the files that nobody has written to for ABANDONED_SECONDS."""
    before = time.time() - ABANDONED_SECONDS
    for upload in uploads:
        with suppress(FileNotFoundError):  # it has just ended
            if upload.stat().st_mtime < before:
                upload.unlink()
