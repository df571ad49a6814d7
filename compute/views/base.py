"""What compute's views share: everyone needs a token, and waits for a job in the same way."""

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.exceptions import JobNotDone
from compute.models import Job
from compute.serializers import JobOutput
from compute.services import jobs
from config.common.authentication import BearerOrBodyAuthentication, TokenRequired
from config.common.preferences import prefers_async

PREFER = OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="respond-async: do not wait, answer 202")
CACHE = OpenApiParameter(
    "Cache-Control", str, OpenApiParameter.HEADER, description="no-cache: compute anew, though the answer may be known"
)


class ComputeView(APIView):
    """Lets in only who has a token, as a header or, in JSON requests, as the body's field Authorization."""

    authentication_classes = (BearerOrBodyAuthentication,)
    permission_classes = (TokenRequired,)


def settled_job(http_request: Request, request: jobs.Request) -> Job:
    """Return the request's job: done, or still under way when the client does not wait or has waited long enough.

    Raises JobNotDone where it failed or was cancelled.
    """
    job = jobs.submit_job(request, fresh="no-cache" in http_request.headers.get("Cache-Control", ""))
    if not prefers_async(http_request):
        job = jobs.wait_for_job(job, settings.COMPUTE_WAIT_SECONDS)
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
