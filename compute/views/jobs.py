"""The operations and their jobs."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from compute.models import Job
from compute.serializers import FileInput, GroupByInput, JobOutput, NonNullInput, ResultOutput, StatsInput
from compute.services import jobs
from compute.views.base import CACHE, PREFER, ComputeView, settled_job, under_way
from config.common.authentication import subject_of
from config.common.pagination import paginated

PAGE = [
    OpenApiParameter("limit", int, description="1 to 1000, default 100"),
    OpenApiParameter("cursor", str, description="from the Link header of the page before"),
]
ANSWERS: dict[int, Any] = {200: ResultOutput, 202: JobOutput}


class OperationView(ComputeView):
    """Runs one operation as a job; 200 with the result, 202 where it is not there yet."""

    operation: Job.Operation
    input_class: type[FileInput]

    def run(self, request: Request) -> Response:
        wish = self.input_class(data=request.data)
        wish.is_valid(raise_exception=True)
        asked = jobs.Request(
            operation=self.operation,
            parameters=wish.parameters(),
            file_path=wish.validated_data["file_path"],
            input_format=wish.validated_data["input_format"],
            output_format=wish.validated_data["output_format"],
            sub=subject_of(request),
        )
        job = settled_job(request, asked)
        if job.status != Job.Status.DONE:
            return under_way(job)
        return Response(ResultOutput(job).data, headers={"Location": job.address})


class GroupByView(OperationView):
    """`POST /compute/group_by`."""

    operation = Job.Operation.GROUP_BY
    input_class = GroupByInput

    @extend_schema(
        operation_id="group_by", request=GroupByInput, responses=ANSWERS, parameters=[PREFER, CACHE], tags=["compute"]
    )
    def post(self, request: Request) -> Response:
        """Group a file's rows by columns and aggregate others."""
        return self.run(request)


class NonNullView(OperationView):
    """`POST /compute/non_null`."""

    operation = Job.Operation.NON_NULL
    input_class = NonNullInput

    @extend_schema(
        operation_id="non_null", request=NonNullInput, responses=ANSWERS, parameters=[PREFER, CACHE], tags=["compute"]
    )
    def post(self, request: Request) -> Response:
        """Keep the rows in which all the columns have a value."""
        return self.run(request)


class StatsView(OperationView):
    """`POST /compute/stats`."""

    operation = Job.Operation.STATS
    input_class = StatsInput

    @extend_schema(
        operation_id="stats", request=StatsInput, responses=ANSWERS, parameters=[PREFER, CACHE], tags=["compute"]
    )
    def post(self, request: Request) -> Response:
        """Compute count, nulls, mean, variance, standard deviation, minimum and maximum of columns."""
        return self.run(request)


class JobListView(ComputeView):
    """`GET /compute/jobs`."""

    @extend_schema(operation_id="list_jobs", responses=JobOutput(many=True), parameters=PAGE, tags=["compute"])
    def get(self, request: Request) -> Response:
        """List jobs, newest first."""
        return paginated(self, request, Job.objects.all(), lambda page: JobOutput(page, many=True).data, ordering="-id")


class JobDetailView(ComputeView):
    """`GET`, `DELETE /compute/jobs/{id}`."""

    @extend_schema(operation_id="get_job", responses=JobOutput, tags=["compute"])
    def get(self, request: Request, job_id: int) -> Response:
        """Show one job: its status, progress and result."""
        return Response(JobOutput(get_object_or_404(Job, pk=job_id)).data)

    @extend_schema(operation_id="cancel_job", responses=JobOutput, tags=["compute"])
    def delete(self, request: Request, job_id: int) -> Response:
        """Cancel a job that has not ended."""
        return Response(JobOutput(jobs.cancel_job(get_object_or_404(Job, pk=job_id))).data)
