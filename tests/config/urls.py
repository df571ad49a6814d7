"""The project's urls, and views that fail or list in the ways the tests need."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django_q.models import Schedule
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from config import urls
from config.access.scopes import Scope
from config.api.problems import Problem
from config.api.viewsets import ListMixin
from config.models import WorkerHeartbeat

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

SECRET = "what only the log may know"


def plain_failure(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


def plain_refusal(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def plain_absence(request: HttpRequest) -> HttpResponse:
    raise Http404


class Taken(Problem):
    """Someone has it already."""

    status = 409  # type: ignore[assignment]
    code = "taken"


def plain_problem(request: HttpRequest) -> HttpResponse:
    raise Taken("It is taken.", field="name", headers={"Location": "/api/it"}, holder="me")


def full_disk(request: HttpRequest) -> HttpResponse:
    Path("/dev/full").write_text("what a view writes")
    return HttpResponse()


def full_disk_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Fail as a middleware does that saves a session."""
    return full_disk


class ApiFullDisk(ViewSet):
    """Finds no room."""

    required_scope = Scope.ADMIN

    def retrieve(self, request: Request) -> Response:
        full_disk(request)
        return Response()


class ApiFailure(ViewSet):
    """Fails."""

    required_scope = Scope.ADMIN

    def retrieve(self, request: Request) -> Response:
        raise RuntimeError(SECRET)


class ApiProblem(ViewSet):
    """Raises a problem of an app."""

    required_scope = Scope.ADMIN

    def retrieve(self, request: Request) -> Response:
        raise Taken("It is taken.", field="name", headers={"Location": "/api/it"}, holder="me")


class Echo(ViewSet):
    """Answers with what it was sent."""

    required_scope = Scope.ADMIN

    max_body_bytes = 1000

    def create(self, request: Request) -> Response:
        return Response(request.data)


class NameOutput(serializers.Serializer[Any]):
    """A row by its name alone."""

    name = serializers.CharField()

    def to_representation(self, instance: Any) -> Any:
        return instance.name


class Heartbeats(ListMixin):
    """A list by a text key."""

    queryset = WorkerHeartbeat.objects.all()
    serializer_class = NameOutput
    ordering = "name"
    read_scope = write_scope = Scope.ADMIN


class Schedules(ListMixin):
    """A list by a number, newest first."""

    queryset = Schedule.objects.all()
    serializer_class = NameOutput
    ordering = "-id"
    read_scope = write_scope = Scope.ADMIN


urlpatterns = [
    path("plain-failure", plain_failure),
    path("plain-full-disk", full_disk),
    path("api-full-disk", ApiFullDisk.as_view({"get": "retrieve"})),
    path("plain-refusal", plain_refusal),
    path("plain-absence", plain_absence),
    path("plain-problem", plain_problem),
    path("api-failure", ApiFailure.as_view({"get": "retrieve"})),
    path("api-problem", ApiProblem.as_view({"get": "retrieve"})),
    path("echo", Echo.as_view({"post": "create"})),
    path("heartbeats", Heartbeats.as_view({"get": "list"})),
    path("schedules", Schedules.as_view({"get": "list"})),
    *urls.urlpatterns,
]
