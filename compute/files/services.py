"""Store uploads below COMPUTE_ROOT: streamed, bounded in size, visible only when complete."""

from collections.abc import Iterable

from django.conf import settings

from compute.exceptions import UploadTooLarge
from compute.files.storage import StoredFile, file_exists, storage
from config.access import audit
from config.api.parsers import UploadIncomplete

FILE = "compute.file"  # what the audit calls one: files have no table
SPARE_BYTES = 256 * 1024 * 1024  # of the disk, for those who have to go on writing: the database, running jobs


class Upload:
    """An upload in progress. Leaving the block without commit() removes it."""

    def __init__(self, announced_bytes: int, path: str | None = None) -> None:
        self._written = 0
        self._incoming = storage().incoming(path)
        try:
            self._check(announced_bytes, announced_bytes)
        except UploadTooLarge:
            self.rollback()
            raise

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *_: object) -> None:
        self.rollback()

    def write(self, chunk: bytes) -> None:
        """Take in the next bytes; raise UploadTooLarge."""
        self._written += len(chunk)
        self._check(self._written, len(chunk))
        self._incoming.write(chunk)

    @property
    def written(self) -> int:
        """How many bytes came so far."""
        return self._written

    def commit(self, path: str, *, overwrite: bool) -> StoredFile:
        """Make it the file at `path`; raise FileExists unless it may replace one."""
        with audit.recording("upload_file", audit.Target(FILE, path)):
            self._incoming.commit(path, overwrite=overwrite)
        return storage().existing_file(path, field="file_path")

    def rollback(self) -> None:
        """Remove what came so far, unless it was kept."""
        self._incoming.rollback()

    def _check(self, size: int, pending: int) -> None:
        if size > settings.COMPUTE_MAX_UPLOAD:
            raise UploadTooLarge(f"A file may have at most {settings.COMPUTE_MAX_UPLOAD} bytes (COMPUTE_MAX_UPLOAD).")
        free = self._incoming.free_bytes
        if free is not None and free - pending < SPARE_BYTES:
            raise UploadTooLarge("The disk has no room for this file.")


def store_upload(
    *, file_path: str, chunks: Iterable[bytes], announced_bytes: int | None, overwrite: bool
) -> StoredFile:
    """Write an upload and return where it is; raise a Problem, and then nothing is changed.

    `announced_bytes` is None where nobody knows how many come: the body is compressed, and has an end of its own.
    """
    path = storage().upload_path(file_path, field="file_path")
    if not overwrite and storage().is_file(path):
        raise file_exists(path)
    with Upload(announced_bytes or 0, path) as upload:
        for chunk in chunks:
            upload.write(chunk)
        if announced_bytes is not None and upload.written != announced_bytes:
            raise UploadIncomplete(f"Only {upload.written} of {announced_bytes} bytes arrived.")
        return upload.commit(path, overwrite=overwrite)


def rename_file(file_path: str, *, to: str, overwrite: bool) -> StoredFile:
    """Give a file another path, and return it there; raise OutsideRoot, UnusableName, NotAFile, FileMissing or FileExists.

    A result that is renamed is nobody's result any more: it stays until somebody deletes it.
    """
    file = storage().existing_file(file_path, field="file_path")
    path = storage().upload_path(to, field="to")
    if path != file.path:
        with audit.recording("rename_file", audit.Target(FILE, file.path), to=path):
            storage().rename(file, path, overwrite=overwrite)
    return storage().existing_file(path, field="to")


def delete_file(file_path: str) -> None:
    """Delete a file: an upload or a result. Raise OutsideRoot, NotAFile or FileMissing."""
    path = storage().existing_file(file_path, field="file_path").path
    with audit.recording("delete_file", audit.Target(FILE, path)):
        storage().remove(path)


def keep_upload(upload: Upload, *, file_path: str, overwrite: bool) -> str:
    """Make it the file at `file_path` and return the path; raise OutsideRoot, UnusableName, NotAFile or FileExists."""
    path = storage().upload_path(file_path, field="file_path")
    return upload.commit(path, overwrite=overwrite).path
