"""The first rows of a file or a result, computed by a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from compute.files.formats import Format
from compute.jobs import services
from compute.models import Job
from compute.pages.selectors import preview_table
from compute.pages.tables import Table
from config.api.problems import Problem

MOST_SHOWN_COLUMNS = 100
WAIT_SECONDS = 3.0  # for a job to be done before its page is shown; after that the page follows it


@dataclass(frozen=True)
class Preview:
    """A table, or the job that computes it, or the error that there is instead, with the failed job if there is one."""

    table: Table | None = None
    job: Job | None = None
    error: str = ""
    status: int = 200
    reading: Mapping[str, Any] = field(default_factory=dict)  # how the file was read

    @property
    def is_awaited(self) -> bool:
        """Return whether there will be a table."""
        return self.job is not None and not self.error

    def shown(self, rows: int) -> dict[str, Any]:
        """Return what a page shows of it."""
        if self.table is None:
            return {"preview": self}
        columns = self.table.columns
        return {
            "preview": self,
            "columns": columns[:MOST_SHOWN_COLUMNS],
            "more_columns": max(len(columns) - MOST_SHOWN_COLUMNS, 0),
            "rows": self.table.cells(rows=rows, columns=MOST_SHOWN_COLUMNS),
        }


def preview_of(
    file_path: str,
    *,
    rows: int,
    sub: str,
    input_format: str = "",
    read: Mapping[str, Any] | None = None,
    retried: str = "",
    chosen: Mapping[str, Any] | None = None,
) -> Preview:
    """Return the first rows of a file, or what `chosen` (offset, where, sort) says.

    A preview that failed stays so, until the id of its job is given as `retried`.
    """
    parameters = {"rows": rows, **(chosen or {})} | ({"read": read} if read else {})
    asked = services.Request(
        Job.Operation.PREVIEW,
        parameters,
        file_path,
        sub,
        input_format=input_format,
        output_format=Format.JSON,
        sees_all=True,
    )
    try:
        job = services.wait_for_job(job_of(asked, retried), WAIT_SECONDS)
        if not job.is_settled:
            return Preview(job=job)
        if job.status != Job.Status.DONE:
            return Preview(job=job, error=job.error)
        table = preview_table(job)
    except Problem as problem:
        return Preview(error=problem.detail, status=problem.status)
    if table is None:
        return Preview(error=gettext("The rows are too large to show. Download the file instead."))
    return Preview(table=table, reading=job.reading or {})


def job_of(asked: services.Request, retried: str = "") -> Job:
    """The job that is under way or has failed already: a page that is loaded again must not make another each time."""
    job = services.newest_job(asked)
    if job is None or job.status in (Job.Status.DONE, Job.Status.CANCELLED) or str(job.pk) == retried:
        return services.submit_job(asked, fresh=False)
    return job
