"""COMPUTE_ROOT in an object store, or in anything else that fsspec has a driver for."""

import os
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from compute.exceptions import FileReplaced, NotAFile, StorageUnavailable, UnusableName
from compute.files import locations
from compute.files.errors import FileChanged, StoreUnavailable
from compute.files.locations import AtomicFile
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
from compute.files.versions import FileVersion
from config.core.disk import Space, space_of
from config.core.locks import exclusive

LOCKS = 16
# Names under which a store has another one's object: drivers read what was replaced, Azure takes a backslash for a slash and
# drops dots at the end. Whose a file is goes by its name, so each file has one.
ALIAS = re.compile(r"\?versionid=|\\|\.(/|$)", re.IGNORECASE)
LOCK_SECONDS = 20.0


class ObjectStorage:
    """Objects below a URL; `local_scratch` is a folder of this machine."""

    def __init__(self, url: str, local_scratch: Path) -> None:
        self._url, self._local_scratch = url.rstrip("/"), local_scratch

    @property
    def results(self) -> str:
        return self.place(RESULTS)

    def existing_file(self, file_path: str, *, field: str) -> StoredFile:
        path = _name(file_path, field)
        info = self._info(path)
        if info is None:
            raise missing(file_path, field)
        if info["type"] != "file":
            raise NotAFile(f"{file_path} is not a file.", field=field)
        return self._described(path, info)

    def upload_path(self, file_path: str, *, field: str) -> str:
        check_upload_name(file_path, field)
        if ALIAS.search(file_path):
            mend = "In an object store no name may have a backslash or ?versionid= in it, or a part that ends in a dot."
            raise UnusableName(mend, field=field)
        path = _name(file_path, field)
        info = self._info(path)
        if info and info["type"] != "file":
            raise NotAFile(f"{file_path} is a folder.", field=field)
        return path

    def is_file(self, path: str) -> bool:
        info = self._info(path)
        return info is not None and info["type"] == "file"

    def version_of(self, path: str) -> str | None:
        info = self._info(path)
        return FileVersion.of_object(info).text if info else None

    def files(self, *, below: str = "", after: str = "") -> Iterator[StoredFile]:
        with _answering(self._url):
            fs, root = locations.filesystem(self._url)
            for path, info in visible_files(fs, root, below, after):
                yield self._described(path, info)

    def open(self, file: StoredFile) -> BinaryIO:
        with _answering(file.place):
            try:
                reader = _Reader(file.place)
            except FileNotFoundError as error:
                raise missing(file.path, "file_path") from error
        if FileVersion.of_object(reader.details).text != file.version.text:
            reader.close()
            raise FileReplaced(f"{file.path} was replaced just now. Ask again.", field="file_path")
        return cast(BinaryIO, reader)

    def remove(self, path: str) -> None:
        with _answering(self._url), suppress(FileNotFoundError):
            fs, there = locations.filesystem(self.place(path))
            fs.rm_file(there)

    def rename(self, file: StoredFile, path: str, *, overwrite: bool) -> None:
        """By a copy within the store; whoever looks between it and the removal sees both."""
        with self.place_for(path, overwrite=overwrite), _answering(file.place):
            fs, there = locations.filesystem(file.place)
            _, target = locations.filesystem(self.place(path))
            try:
                fs.cp_file(there, target)
            except FileNotFoundError as error:
                raise missing(file.path, "file_path") from error
            fs.rm_file(there)

    def incoming(self, path: str | None) -> "IncomingObject | SpooledObject":
        if path is not None:
            return IncomingObject(self, AtomicFile(self.place(path)), path)
        self._local_scratch.mkdir(parents=True, exist_ok=True)
        return SpooledObject(self, self._local_scratch)

    def now_ns(self) -> int:
        return time.time_ns()

    def scratch(self, name: str) -> Path:
        return self._local_scratch / name

    def shared_scratch(self, name: str) -> str:
        return self.place(f"{SCRATCH}/{name}")

    def scratch_names(self) -> set[str]:
        local = {place.name for place in self._local_scratch.iterdir()} if self._local_scratch.is_dir() else set()
        with _answering(self._url), suppress(FileNotFoundError):
            fs, folder = locations.filesystem(self.shared_scratch(""))
            return local | {path.rstrip("/").rpartition("/")[2] for path in fs.ls(folder, detail=False)}
        return local

    def remove_scratch(self, name: str) -> None:
        shutil.rmtree(self.scratch(name), ignore_errors=True)
        with suppress(StorageUnavailable, FileNotFoundError), _answering(self._url):
            fs, folder = locations.filesystem(self.shared_scratch(name))
            fs.rm(folder, recursive=True)

    def remove_abandoned_uploads(self) -> None:
        remove_abandoned(self._local_scratch.glob(f"{UPLOADS}-*"))

    def place(self, path: str) -> str:
        """Return the URL of a path below the root."""
        return f"{self._url}/{path}"

    @contextmanager
    def place_for(self, path: str, *, overwrite: bool) -> Iterator[None]:
        """Within this nobody else puts a file to `path`; raise FileExists where there is one already."""
        with exclusive(f"compute-upload-{zlib.crc32(path.encode()) % LOCKS}", wait_seconds=LOCK_SECONDS) as taken:
            if not taken:
                raise StorageUnavailable("Other uploads are being completed; try again.")
            if not overwrite and self._info(path) is not None:
                raise file_exists(path)
            yield

    def _info(self, path: str) -> Mapping[str, Any] | None:
        url = self.place(path)
        with _answering(url):
            fs, there = locations.filesystem(url)
            try:
                found: Mapping[str, Any] = fs.info(there)
            except FileNotFoundError:
                return None
        return found

    def _described(self, path: str, info: Mapping[str, Any]) -> StoredFile:
        return StoredFile(
            path=path,
            place=self.place(path),
            bytes=int(info["size"]),
            version=FileVersion.of_object(info),
            modified_at=locations.moment_of(info),
        )


class IncomingObject:
    """An upload that streams to its final place in the store."""

    space = None

    def __init__(self, storage: ObjectStorage, draft: AtomicFile, path: str) -> None:
        self._storage, self._draft, self._path = storage, draft, path

    def write(self, block: bytes) -> None:
        with _answering(self._path):
            self._draft.write(block)

    def commit(self, path: str, *, overwrite: bool) -> None:
        with self._storage.place_for(path, overwrite=overwrite), _answering(path):
            self._draft.commit()

    def rollback(self) -> None:
        self._draft.rollback()


class SpooledObject:
    """An upload whose name arrives after its bytes, as in a form: kept on the local disk until then."""

    def __init__(self, storage: ObjectStorage, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f"{UPLOADS}-")
        self._storage, self._file, self._temporary = storage, os.fdopen(descriptor, "wb"), Path(name)

    @property
    def space(self) -> Space:
        return space_of(self._temporary.parent)

    def write(self, block: bytes) -> None:
        self._file.write(block)

    def commit(self, path: str, *, overwrite: bool) -> None:
        self._file.flush()
        with self._storage.place_for(path, overwrite=overwrite), _answering(path):
            locations.publish(self._temporary, self._storage.place(path))

    def rollback(self) -> None:
        with suppress(OSError):  # of what it has still to write, on a full disk
            self._file.close()
        self._temporary.unlink(missing_ok=True)


class _Reader(locations.ObjectReader):
    def readinto(self, buffer: Any) -> int:
        with _answering(self.url):
            return super().readinto(buffer)


def _name(file_path: str, field: str) -> str:
    if ALIAS.search(file_path):
        raise missing(file_path, field)
    return plain_path(file_path, field).as_posix()


@contextmanager
def _answering(place: str) -> Iterator[None]:
    try:
        with locations.answering(place):
            yield
    except StoreUnavailable as error:
        raise StorageUnavailable(error.detail) from error
    except FileChanged as error:
        raise FileReplaced(error.detail, field=error.field) from error


def visible_files(fs: Any, root: str, folder: str, after: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the files in a folder behind `after`: a page of the store at a time where the driver can begin in the middle."""
    if not hasattr(fs, "find_after"):
        yield from _files_below(fs, root, folder, PurePosixPath(after).parts)
        return
    below = f"{folder}/" if folder else ""
    for info in fs.find_after(f"{root}/{folder}".rstrip("/"), after.removeprefix(below)):
        path = str(info["name"]).removeprefix(f"{root}/")
        if _is_visible(path):
            yield path, info


def _is_visible(path: str) -> bool:
    """Return whether a caller may know of a path below the root; what ends in a slash stands for a folder.

    No path leads to a name with a part that is empty: `a//b.csv` is taken for a/b.csv.
    """
    return not ALIAS.search(path) and all(part and not part.startswith(".") for part in path.split("/"))


def _files_below(fs: Any, root: str, folder: str, after: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk as local.py does, one listing for each folder."""
    try:
        found = fs.ls(f"{root}/{folder}".rstrip("/"), detail=True)
    except FileNotFoundError:
        return
    # A data lake tells of a folder twice. A file goes before a folder of its name, so that a cursor may stand between them.
    entries = {(str(entry["name"]).rstrip("/"), entry["type"] != "file"): entry for entry in found}
    for (place, is_folder), entry in sorted(entries.items(), key=itemgetter(0)):
        name = place.rpartition("/")[2]
        if not name or not _is_visible(name) or (after and name < after[0]):
            continue
        behind = after[1:] if after and name == after[0] else ()
        path = f"{folder}/{name}".lstrip("/")
        if is_folder:
            yield from _files_below(fs, root, path, behind)
        elif not (after and name == after[0]):
            yield path, entry
