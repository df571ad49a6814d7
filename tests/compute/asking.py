"""Asking for jobs over HTTP, and what became of them."""

from pathlib import Path
from typing import Any

from rest_framework.test import APIClient

from compute.models import Job
from tests.fakes.faulty import wait_until


def ask(client: APIClient, operation: str, body: dict[str, Any], *, wait: bool = False) -> Any:
    """Ask for an operation, and for no earlier result."""
    headers = {"Cache-Control": "no-cache"} | ({} if wait else {"Prefer": "respond-async"})
    return client.post(f"/api/compute/{operation}", body, format="json", headers=headers)


def settled(job_id: int, seconds: float = 30) -> Job:
    """Return the job once it is settled."""
    found = wait_until(lambda: Job.objects.filter(pk=job_id, status__in=Job.SETTLED).first(), seconds=seconds)
    assert isinstance(found, Job)
    return found


def left_behind(root: Path) -> list[str]:
    """What lies in the folders of results and of things kept aside."""
    return [str(place) for folder in ("results", ".scratch") for place in (root / folder).glob("*") if place.exists()]
