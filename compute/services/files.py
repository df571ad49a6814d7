"""Files that callers put below COMPUTE_ROOT: streamed to disk, bounded, visible only when whole."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from compute import storage
from compute.exceptions import FileIsThere, UploadIncomplete, UploadTooLarge

SPARE_BYTES = 256 * 1024 * 1024  # of the disk, for those who have to go on writing: the database, running jobs


class Upload:
    """A file on its way in. Leaving the block without keep() removes what came so far."""

    def __init__(self, announced_bytes: int) -> None:
        folder = storage.scratch_folder("uploads")
        self._limit = settings.COMPUTE_MAX_UPLOAD
        self._written = 0
        storage.root()
        folder.mkdir(parents=True, exist_ok=True)
        self._check(announced_bytes, folder)
        descriptor, name = tempfile.mkstemp(dir=folder)
        self._file, self._temporary = os.fdopen(descriptor, "wb"), Path(name)

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def write(self, chunk: bytes) -> None:
        """Take in the next bytes; raise UploadTooLarge."""
        self._written += len(chunk)
        self._check(self._written, self._temporary.parent, pending=len(chunk))
        self._file.write(chunk)

    @property
    def written(self) -> int:
        """How many bytes came so far."""
        return self._written

    def keep(self, place: Path, *, overwrite: bool) -> None:
        """Make it the file at `place`; raise FileIsThere unless it may replace one."""
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
            raise FileIsThere(
                f"{storage.relative(place)} is there already. Choose another name, or say ?overwrite=true.",
                field="file_path",
            ) from error

    def discard(self) -> None:
        """Remove the temporary file."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _check(self, size: int, folder: Path, pending: int | None = None) -> None:
        if size > self._limit:
            raise UploadTooLarge(f"A file may have at most {self._limit} bytes (COMPUTE_MAX_UPLOAD).")
        if shutil.disk_usage(folder).free - (size if pending is None else pending) < SPARE_BYTES:
            raise UploadTooLarge("The disk has no room for this file.")


def store_upload(*, file_path: str, chunks: Iterable[bytes], announced_bytes: int, overwrite: bool) -> Path:
    """Write an upload and return where it is; raise a Problem, and then nothing is changed."""
    place = storage.upload_place(file_path, field="file_path")
    if place.exists() and not overwrite:
        raise FileIsThere(
            f"{file_path} is there already. Choose another name, or say ?overwrite=true.", field="file_path"
        )
    with Upload(announced_bytes) as upload:
        for chunk in chunks:
            upload.write(chunk)
        if upload.written != announced_bytes:
            raise UploadIncomplete(f"Only {upload.written} of {announced_bytes} bytes arrived.")
        upload.keep(place, overwrite=overwrite)
    return place
