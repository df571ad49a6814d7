"""`GET /health` and `GET /metrics`."""

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
from config.monitoring import health, metrics


@example({"status": "ok", "checks": {"database": {"status": "ok", "engine": "postgresql"}}})
class HealthOutput(serializers.Serializer[Any]):
    """The state of the server and its parts."""

    status = serializers.ChoiceField(choices=["ok", "down"])
    checks = serializers.DictField(child=serializers.DictField())


class HealthView(APIView):
    """One answer, 503 when a part is down. Open to everyone: load balancers and people ask it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="health", responses={200: HealthOutput, 503: HealthOutput}, tags=["health"])
    def get(self, request: Request) -> Response:
        """Tell whether the database, the queue and the worker do their work."""
        ok, checks = health.report()
        return Response({"status": "ok" if ok else "down", "checks": checks}, status=200 if ok else 503)


class MetricsView(APIView):
    """Needs a token when the API does."""

    required_scope = Scope.METRICS_READ

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Show all metrics in Prometheus' text format."""
        text, content_type = metrics.exposition()
        return HttpResponse(text, content_type=content_type)
