"""COMPUTE_ROOT as a folder. Links are resolved before the check; only regular files are opened."""

import os
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from compute.exceptions import NotAFile, OutsideRoot
from compute.files.storage.base import (
    RESULTS,
    SCRATCH,
    UPLOADS,
    StoredFile,
    check_upload_name,
    file_exists,
    missing,
    plain_path,
    remove_abandoned,
)
from compute.files.versions import FileVersion, stat_opened, version_of
from config.core.disk import Space, space_of


class LocalStorage:
    """A folder, created if missing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._root = folder.resolve()

    @property
    def results(self) -> str:
        folder = self._root / RESULTS
        folder.mkdir(exist_ok=True)
        return str(folder)

    def existing_file(self, file_path: str, *, field: str) -> StoredFile:
        place = self._inside(file_path, field)
        try:
            is_file = stat.S_ISREG(place.stat().st_mode)
            found = stat_opened(str(place)) if is_file else None
        except OSError as error:
            raise missing(file_path, field) from error
        if found is None:
            raise NotAFile(f"{file_path} is not a file.", field=field)
        return self._described(place, found)

    def upload_path(self, file_path: str, *, field: str) -> str:
        check_upload_name(file_path, field)
        place = self._inside(file_path, field)
        if place.is_dir():
            raise NotAFile(f"{file_path} is a folder.", field=field)
        if blocking := next((each for each in place.parents if each.is_file()), None):
            raise NotAFile(f"{blocking.relative_to(self._root)} is a file, so nothing can be put into it.", field=field)
        return place.relative_to(self._root).as_posix()

    def is_file(self, path: str) -> bool:
        return (self._root / path).is_file()

    def version_of(self, path: str) -> str | None:
        return version_of(str(self._root / path))

    def files(self, *, below: str = "", after: str = "") -> Iterator[StoredFile]:
        folder = self._root / below
        for place in _files_below(folder, PurePosixPath(after).parts) if folder.is_dir() else ():
            yield self._described(place, place.stat())

    def open(self, file: StoredFile) -> BinaryIO:
        return Path(file.place).open("rb")

    def remove(self, path: str) -> None:
        (self._root / path).unlink(missing_ok=True)

    def rename(self, file: StoredFile, path: str, *, overwrite: bool) -> None:
        place = self._root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            if overwrite:
                Path(file.place).replace(place)
            else:
                os.link(file.place, place)  # unlike a rename it fails where there is a file
                self._unlink_link(Path(file.place), place)
        except FileExistsError as error:
            raise file_exists(path) from error
        except FileNotFoundError as error:
            raise missing(file.path, "file_path") from error

    def _unlink_link(self, old: Path, new: Path) -> None:
        """Remove the old name of a file, unless an upload has taken it meanwhile."""
        folder = self.scratch(UPLOADS)
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / uuid.uuid4().hex
        old.rename(aside)
        if not aside.samefile(new):
            with suppress(FileExistsError):  # by an upload that is newer still
                os.link(aside, old)
        aside.unlink()

    def incoming(self, path: str | None) -> "IncomingFile":
        folder = self.scratch(UPLOADS)
        folder.mkdir(parents=True, exist_ok=True)
        return IncomingFile(self._root, folder)

    def now_ns(self) -> int:
        """By the file system's own clock, which on a network is not this machine's."""
        folder = self._root / SCRATCH
        folder.mkdir(exist_ok=True)
        os.utime(folder)
        return folder.stat().st_ctime_ns

    def scratch(self, name: str) -> Path:
        """On the same disk as the results."""
        return self._root / SCRATCH / name

    def shared_scratch(self, name: str) -> str:
        return str(self.scratch(name))

    def scratch_names(self) -> set[str]:
        folder = self._root / SCRATCH
        return {place.name for place in folder.iterdir()} - {UPLOADS} if folder.is_dir() else set()

    def remove_scratch(self, name: str) -> None:
        shutil.rmtree(self.scratch(name), ignore_errors=True)

    def remove_abandoned_uploads(self) -> None:
        remove_abandoned(self.scratch(UPLOADS).glob("*"))

    def _described(self, place: Path, found: os.stat_result) -> StoredFile:
        return StoredFile(
            path=place.relative_to(self._root).as_posix(),
            place=str(place),
            bytes=found.st_size,
            version=FileVersion.of_stat(found),
            modified_at=datetime.fromtimestamp(found.st_mtime, UTC),
        )

    def _inside(self, file_path: str, field: str) -> Path:
        path = plain_path(file_path, field)
        try:
            place = (self._root / path).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise missing(file_path, field) from error
        if not place.is_relative_to(self._root):
            raise OutsideRoot("The path leads out of COMPUTE_ROOT.", field=field)
        if place.relative_to(self._root).parts[:1] == (SCRATCH,):
            raise missing(file_path, field)
        return place


class IncomingFile:
    """An upload as a temporary file on the same disk."""

    def __init__(self, root: Path, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(dir=folder)
        self._root, self._file, self._temporary = root, os.fdopen(descriptor, "wb"), Path(name)

    @property
    def space(self) -> Space:
        return space_of(self._root)

    def write(self, block: bytes) -> None:
        self._file.write(block)

    def commit(self, path: str, *, overwrite: bool) -> None:
        place = self._root / path
        self._file.flush()
        os.fsync(self._file.fileno())
        place.parent.mkdir(parents=True, exist_ok=True)
        self._temporary.chmod(0o644)
        if overwrite:
            self._temporary.replace(place)
            return
        try:
            os.link(self._temporary, place)  # unlike a rename it fails where there is a file
        except FileExistsError as error:
            raise file_exists(path) from error

    def rollback(self) -> None:
        with suppress(OSError):  # of what it has still to write, on a full disk
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def _files_below(folder: Path, after: tuple[str, ...]) -> Iterator[Path]:
    """Walk in the order of the paths' parts, skipping what comes before `after` without looking into it."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.is_symlink() or (after and entry.name < after[0]):
            continue
        behind = after[1:] if after and entry.name == after[0] else ()
        if entry.is_dir():
            yield from _files_below(entry, behind)
        elif entry.is_file() and not (after and entry.name == after[0]):
            yield entry
