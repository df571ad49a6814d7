"""What the workbench's tests share: somebody at it, and jobs that are computed right here, without a runner."""

from dataclasses import asdict
from typing import Any

from compute.files.errors import ComputeError
from compute.jobs import leases, services
from compute.jobs.execute import execute
from compute.models import Job
from compute.pages.files import LOOKED_AT
from compute.pages.jobs import SHOWN


def compute_queued() -> None:
    """Compute all that is queued, as a runner's child does."""
    while job := leases.claim_job("here"):
        try:
            leases.finish_job(job, asdict(execute(leases.job_spec_for(job), lambda _: None)))
        except ComputeError as fault:
            told = {"status": fault.status, "code": fault.code, "detail": fault.detail, "field": fault.field}
            leases.fail_job(job, **told, read=fault.read)  # type: ignore[arg-type]


def done_job(
    operation: str, parameters: dict[str, Any], *, file_path: str = "table.csv", output_format: str = ""
) -> Job:
    """Ask, compute, and have the first rows of the result at hand, as a page of the workbench will ask for them."""
    body = services.Request(operation, parameters, file_path, "ana", output_format=output_format)
    job = services.submit_job(body, fresh=False)
    compute_queued()
    job.refresh_from_db()
    preview(job.result_path, SHOWN)
    return job


def preview(file_path: str, rows: int = LOOKED_AT) -> None:
    """Have the first rows of a file at hand, as a page of the workbench will ask for them."""
    services.submit_job(
        services.Request("preview", {"rows": rows}, file_path, "ana", output_format="json"), fresh=False
    )
    compute_queued()


def text_of(answer: Any) -> str:
    """Return the page."""
    return str(answer.getvalue().decode())
