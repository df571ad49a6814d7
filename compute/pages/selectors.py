"""Queries of the workbench: files, jobs, and the rows of a preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from django.db.models import QuerySet
from django.http import HttpRequest

from compute.files.formats import Format, format_of
from compute.files.ownership import Requester
from compute.files.storage import RESULTS, storage
from compute.models import Job
from compute.pages.tables import Table, table_of
from compute.reading.options import ReadOptions

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
    return storage().open(storage().existing_file(file_path, field="file_path"))


def requester_of(request: HttpRequest) -> Requester:
    """Return who asks with a page: permissions say what they may do, on everybody's files."""
    return Requester(request.user.get_username(), sees_all=True, changes_all=True)


def requested_jobs() -> QuerySet[Job]:
    """Return the jobs that somebody asked for, newest first, without those of who only looks at a file."""
    return Job.objects.exclude(operation__in=Job.LOOKS).order_by("-id")


def preview_table(job: Job) -> Table | None:
    """Return the rows that a preview has found; None where they are too large to be shown."""
    with open_file(job.result_path) as file:
        text = file.read(MOST_PREVIEW_BYTES + 1)
    if len(text) > MOST_PREVIEW_BYTES:
        return None
    read = ReadOptions.of((job.reading or {}).get("read", {}))
    return table_of(text, job.columns or [], read.notation, read.types)


def _uploads(after: str) -> Iterator[StoredFile]:
    for file in storage().files(after=after):
        if not file.path.startswith(f"{RESULTS}/"):
            yield StoredFile(file.path, file.bytes, file.modified_at, format_of(file.path))
