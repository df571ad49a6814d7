"""Viewsets of the operations and their jobs."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from compute.api.base import CACHE, ComputeMixin, settled_job, under_way
from compute.api.filters import JobFilter
from compute.api.serializers import (
    FileInput,
    GroupByInput,
    JobOutput,
    NonNullInput,
    ProfileInput,
    ResultOutput,
    StatsInput,
)
from compute.exceptions import NotYours
from compute.jobs import services
from compute.models import Job
from config.api.openapi import PREFER
from config.api.viewsets import RetrieveMixin, idempotent

ANSWERS: dict[int, Any] = {200: ResultOutput, 202: JobOutput}
WAITING = [PREFER, CACHE]


@extend_schema_view(
    list=extend_schema(operation_id="list_jobs", description="List jobs, newest first."),
    retrieve=extend_schema(operation_id="get_job", description="Show one job: its status, progress and result."),
)
class JobViewSet(ComputeMixin, RetrieveMixin):
    """Operations over files."""

    queryset = Job.objects.all()
    serializer_class = JobOutput
    filterset_class = JobFilter
    ordering = "-id"
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Job]:
        return services.visible_jobs(self.requester)

    @extend_schema(operation_id="group_by", request=GroupByInput, responses=ANSWERS, parameters=WAITING)
    @idempotent
    def group_by(self, request: Request) -> Response:
        """Group a file's rows by columns and aggregate others."""
        return self.run(Job.Operation.GROUP_BY, GroupByInput)

    @extend_schema(operation_id="non_null", request=NonNullInput, responses=ANSWERS, parameters=WAITING)
    @idempotent
    def non_null(self, request: Request) -> Response:
        """Keep the rows in which all the columns have a value."""
        return self.run(Job.Operation.NON_NULL, NonNullInput)

    @extend_schema(operation_id="stats", request=StatsInput, responses=ANSWERS, parameters=WAITING)
    @idempotent
    def stats(self, request: Request) -> Response:
        """Compute count, nulls, mean, variance, standard deviation, minimum and maximum of columns."""
        return self.run(Job.Operation.STATS, StatsInput)

    @extend_schema(operation_id="profile", request=ProfileInput, responses=ANSWERS, parameters=WAITING)
    @idempotent
    def profile(self, request: Request) -> Response:
        """Say of columns their type, how many values, missing and distinct ones, range, top ten, histogram."""
        return self.run(Job.Operation.PROFILE, ProfileInput)

    def run(self, operation: Job.Operation, input_class: type[FileInput]) -> Response:
        """Run an operation as a job; 200 with the result, 202 where it is not there yet."""
        serializer = input_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        asked = services.Request(
            operation=operation,
            parameters=serializer.parameters(),
            file_path=serializer.validated_data["file_path"],
            input_format=serializer.validated_data.get("input_format", ""),
            output_format=serializer.validated_data.get("output_format", ""),
            sub=self.requester.sub,
            sees_all=self.requester.sees_all,
        )
        return self.creation_response(self.submitted(asked))

    def creation_response(self, job: Job) -> Response:
        job = settled_job(self.request, job)
        if job.status != Job.Status.DONE:
            return under_way(job)
        return Response(ResultOutput(job).data, headers={"Location": job.address})

    @extend_schema(operation_id="cancel_job", responses=JobOutput)
    def destroy(self, request: Request, pk: int) -> Any:
        """Cancel a job that has not ended."""
        job = self.get_object()
        if not self.requester.may_change(job.sub):
            raise NotYours(f"Job {pk} is not yours. Only who asked for it, or the scope admin, may cancel it.")
        return self.respond(services.cancel_job(job))
