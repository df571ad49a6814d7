"""Store uploads below COMPUTE_ROOT: streamed, bounded in size, visible only when complete."""

from collections.abc import Iterable

from django.conf import settings

from compute.exceptions import UploadTooLarge
from compute.files.locations import is_url
from compute.files.ownership import (
    Requester,
    alone_at,
    changeable_file,
    check_replaceable,
    owner_of,
    set_owner,
    written_for,
)
from compute.files.storage import StoredFile, storage
from config.access import audit
from config.api.parsers import UploadIncomplete
from config.api.problems import DiskFull, disk_full_as_problem

FILE = "compute.file"  # what the audit calls one: files have no table


class Upload:
    """An upload in progress. Leaving the block without commit() removes it."""

    def __init__(self, announced_bytes: int, path: str | None = None) -> None:
        self._written = 0
        self._incoming = storage().incoming(path)
        try:
            self._check(announced_bytes, announced_bytes)
        except (UploadTooLarge, DiskFull):
            self.rollback()
            raise

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *_: object) -> None:
        self.rollback()

    def write(self, chunk: bytes) -> None:
        """Take in the next bytes; raise UploadTooLarge or DiskFull."""
        self._written += len(chunk)
        self._check(self._written, len(chunk))
        with disk_full_as_problem():
            self._incoming.write(chunk)

    @property
    def written(self) -> int:
        """How many bytes came so far."""
        return self._written

    def commit(self, path: str, *, overwrite: bool, requester: Requester) -> StoredFile:
        """Make it the requester's file at `path`; raise FileExists unless it may replace one, or FileBusy."""
        recorded = audit.recording("upload_file", audit.Target(FILE, path))
        written = written_for(requester.sub, path, overwrite=overwrite, requester=requester)
        with disk_full_as_problem(), alone_at(path), written, recorded:
            self._incoming.commit(path, overwrite=overwrite)
        return storage().existing_file(path, field="file_path")

    def rollback(self) -> None:
        """Remove what came so far, unless it was kept."""
        self._incoming.rollback()

    def _check(self, size: int, pending: int) -> None:
        if size > settings.COMPUTE_MAX_UPLOAD:
            raise UploadTooLarge(f"A file may have at most {settings.COMPUTE_MAX_UPLOAD} bytes (COMPUTE_MAX_UPLOAD).")
        space = self._incoming.space
        if space is not None and not space.has_room_for(pending):
            raise DiskFull(f"the disk of {'scratch' if is_url(settings.COMPUTE_ROOT) else 'COMPUTE_ROOT'}")


def store_upload(
    *, file_path: str, chunks: Iterable[bytes], announced_bytes: int | None, overwrite: bool, requester: Requester
) -> StoredFile:
    """Write an upload and return where it is; raise a Problem, and then nothing is changed.

    `announced_bytes` is None where nobody knows how many come: the body is compressed, and has an end of its own.
    """
    path = storage().upload_path(file_path, field="file_path")
    check_replaceable(path, owner_of(path), overwrite=overwrite, requester=requester)
    with Upload(announced_bytes or 0, path) as upload:
        for chunk in chunks:
            upload.write(chunk)
        if announced_bytes is not None and upload.written != announced_bytes:
            raise UploadIncomplete(f"Only {upload.written} of {announced_bytes} bytes arrived.")
        return upload.commit(path, overwrite=overwrite, requester=requester)


def rename_file(file_path: str, *, to: str, overwrite: bool, requester: Requester) -> StoredFile:
    """Give a file another path, and return it there. Raises as changeable_file, UnusableName, or FileExists.

    A result that is renamed is no job's result any more: it stays until somebody deletes it.
    """
    before = changeable_file(file_path, requester).path
    path = storage().upload_path(to, field="to")
    if path != before:
        with alone_at(before, path):
            file = changeable_file(file_path, requester)
            recorded = audit.recording("rename_file", audit.Target(FILE, before), to=path)
            with written_for(owner_of(before), path, overwrite=overwrite, requester=requester), recorded:
                storage().rename(file, path, overwrite=overwrite)
            set_owner(before, None)
    return storage().existing_file(path, field="to")


def delete_file(file_path: str, *, requester: Requester) -> None:
    """Delete a file: an upload or a result. Raises as changeable_file."""
    path = changeable_file(file_path, requester).path
    with alone_at(path):
        changeable_file(file_path, requester)  # it may have become another's meanwhile
        with audit.recording("delete_file", audit.Target(FILE, path)):
            storage().remove(path)
        set_owner(path, None)


def keep_upload(upload: Upload, *, file_path: str, overwrite: bool, requester: Requester) -> str:
    """Make it the file at `file_path` and return the path; raise OutsideRoot, UnusableName, NotAFile or FileExists."""
    path = storage().upload_path(file_path, field="file_path")
    return upload.commit(path, overwrite=overwrite, requester=requester).path
