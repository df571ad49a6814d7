"""What the workbench's tests share: somebody at it, and jobs that are computed right here, without a runner."""

import json
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from compute.files.errors import ComputeError
from compute.jobs import leases, services
from compute.jobs.execute import execute
from compute.models import Job
from compute.pages.explorer.rows import PAGE_ROWS
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


def preview(file_path: str, rows: int = PAGE_ROWS) -> None:
    """Have the first rows of a file at hand, as a page of the workbench will ask for them."""
    services.submit_job(
        services.Request("preview", {"rows": rows}, file_path, "ana", output_format="json"), fresh=False
    )
    compute_queued()


def look(client: Client, address: str) -> str:
    """Return a page once all that it waits for is computed: what it shows first may ask for more."""
    for _ in range(4):
        client.get(address)
        compute_queued()
    return text_of(client.get(address))


def question(*conditions: list[Any], **parts: Any) -> str:
    """Return the query of a question at the workbench."""
    where = [json.dumps(each) for each in conditions]
    return "?" + urlencode(({"where": where} if where else {}) | parts, doseq=True)


def text_of(answer: Any) -> str:
    """Return the page."""
    return str(answer.getvalue().decode())
