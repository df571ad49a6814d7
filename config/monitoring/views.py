"""`GET /livez`, `GET /readyz`, `GET /health` and `GET /metrics`."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.access.scopes import Scope
from config.api.openapi import example
from config.monitoring import health, metrics, readiness


@example({"status": "ok", "checks": {"database": {"status": "ok", "engine": "postgresql"}}})
class HealthOutput(serializers.Serializer[Any]):
    """The state of the server and its parts."""

    status = serializers.ChoiceField(choices=["ok", "down"])
    checks = serializers.DictField(child=serializers.DictField())


@example({"status": "ok"})
class LiveOutput(serializers.Serializer[Any]):
    """That the process answers."""

    status = serializers.ChoiceField(choices=["ok"])


@example({"status": "ok", "checks": {"database": {"status": "ok", "engine": "sqlite"}, "migrations": {"status": "ok"}}})
class ReadyOutput(HealthOutput):
    """Whether the process can do its work."""


class _Probe(APIView):
    """Open to everyone: load balancers and people ask it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class LiveView(_Probe):
    """For whoever restarts what hangs: a database that is away is no reason to."""

    @extend_schema(operation_id="live", responses=LiveOutput, tags=["health"])
    def get(self, request: Request) -> Response:
        """Tell that the process answers. Nothing else is asked."""
        return Response({"status": "ok"})


class ReadyView(_Probe):
    """For whoever sends requests here, or not."""

    @extend_schema(operation_id="ready", responses={200: ReadyOutput, 503: ReadyOutput}, tags=["health"])
    def get(self, request: Request) -> Response:
        """Tell whether the database answers and all migrations are applied."""
        return _answer(*readiness.report())


class HealthView(_Probe):
    """One answer for the whole of Apron, 503 when a part is down."""

    @extend_schema(operation_id="health", responses={200: HealthOutput, 503: HealthOutput}, tags=["health"])
    def get(self, request: Request) -> Response:
        """Tell whether the database, the queue and the worker do their work."""
        return _answer(*health.report())


class MetricsView(APIView):
    """Needs a token when the API does."""

    required_scope = Scope.METRICS_READ

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Show all metrics in Prometheus' text format."""
        text, content_type = metrics.exposition()
        return HttpResponse(text, content_type=content_type)


def _answer(ok: bool, checks: dict[str, Any]) -> Response:
    return Response({"status": "ok" if ok else "down", "checks": checks}, status=200 if ok else 503)
