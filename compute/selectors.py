"""What compute's pages read: files, earlier jobs, the rows of a preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.db.models import QuerySet

from compute import storage
from compute.formats import Format, format_of
from compute.models import Job
from compute.tables import Table, table_of

MOST_PREVIEW_BYTES = 8 * 1024 * 1024  # a record may be as large as it likes, a page may not


@dataclass(frozen=True)
class StoredFile:
    """A file below COMPUTE_ROOT."""

    path: str
    bytes: int
    modified_at: datetime
    format: Format | None


def uploaded_files(*, limit: int, after: str = "") -> list[StoredFile]:
    """Return the files that people and programs brought, by path, those behind `after`; results belong to their jobs."""
    return list(islice(_uploads(after), limit))


def open_file(file_path: str) -> BinaryIO:
    """Open a file for reading; raise OutsideRoot, FileMissing or NotAFile."""
    return storage.existing_file(file_path, field="file_path").open("rb")


def asked_jobs() -> QuerySet[Job]:
    """Return the jobs that somebody asked for, newest first; previews are not among them."""
    return Job.objects.exclude(operation=Job.Operation.PREVIEW).order_by("-id")


def previewed(job: Job) -> Table | None:
    """Return the rows that a preview has found; None where they are too large to be shown."""
    with open_file(job.result_path) as file:
        text = file.read(MOST_PREVIEW_BYTES + 1)
    return table_of(text, job.columns or []) if len(text) <= MOST_PREVIEW_BYTES else None


def _uploads(after: str) -> Iterator[StoredFile]:
    for place in storage.visible_files(after):
        path = storage.relative(place)
        if not path.startswith(f"{storage.RESULTS}/"):
            yield _described(path, place)


def _described(path: str, place: Path) -> StoredFile:
    found = place.stat()
    return StoredFile(path, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), format_of(path))
