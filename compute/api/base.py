"""Base of compute's viewsets: authentication, and waiting for a job."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from compute.api.serializers import JobOutput
from compute.exceptions import JobNotDone
from compute.files.ownership import Requester
from compute.jobs import services
from compute.models import Job
from config.access.scopes import Scope
from config.api.authentication import BearerOrBodyAuthentication, TokenRequired
from config.api.prefer import prefers_async
from config.api.viewsets import ListMixin

CACHE = OpenApiParameter(
    "Cache-Control", str, OpenApiParameter.HEADER, description="no-cache: ignore the cached result"
)


class ComputeMixin(ListMixin):
    """Require a token: in the header or, in JSON requests, in the body's field Authorization."""

    authentication_classes = (BearerOrBodyAuthentication,)
    permission_classes = (TokenRequired,)
    read_scope, write_scope = Scope.COMPUTE_READ, Scope.COMPUTE_RUN

    @property
    def requester(self) -> Requester:
        """Who asks, and whether they may read or change what is others'."""
        caller: Any = self.request.user  # there is one: a token is required
        return Requester(caller.sub, caller.has(Scope.COMPUTE_READ_ALL), changes_all=caller.has(Scope.ADMIN))

    def submitted(self, asked: services.Request) -> Job:
        """Return the job for what is asked: a new one, or one that has answered it already."""
        return services.submit_job(asked, fresh="no-cache" in self.request.headers.get("Cache-Control", ""))


def settled_job(request: Request, job: Job) -> Job:
    """Return the job when it is done, or still under way when the client does not wait or has waited long enough.

    Raises JobNotDone where it failed or was cancelled.
    """
    if not prefers_async(request):
        job = services.wait_for_job(job, settings.COMPUTE_WAIT_SECONDS)
    if job.status in (Job.Status.FAILED, Job.Status.CANCELLED):
        raise JobNotDone(
            status=job.error_status or 409,
            code=job.error_code or job.status,
            detail=job.error,
            field=job.error_field,
            job=job.address,
        )
    return job


def under_way(job: Job) -> Response:
    """Say where the job can be followed."""
    return Response(JobOutput(job).data, status=202, headers={"Location": job.address})
