"""Requests by route, method and status, and how long they took until their answer began."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch

from config.core.counters import Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "other"
NO_ROUTE = "none"  # nothing is there, or it was answered before the path was looked at
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

SECONDS = Histogram(
    "apron_http_request_duration_seconds",
    "Time until the answer began; the count is of all answers",
    ["route", "method", "status"],
    BUCKETS,
)


class RequestMetricsMiddleware:
    """Counts every answer, its own errors too: it stands outside all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        count(route_of(request.resolver_match), str(request.method), response.status_code, started)
        return response


def count(route: str, method: str, status: int, started: float) -> None:
    """Count an answer to a request that came at `started`, by time.perf_counter()."""
    label = method if method in METHODS else OTHER_METHOD
    SECONDS.observe(route, label, str(int(status)), seconds=time.perf_counter() - started)


def route_of(match: ResolverMatch | None) -> str:
    """Return the pattern of the path, such as /api/data/<int:pk>; the same for both spellings of the API's paths."""
    if match is None or (not match.route and not match.url_name):
        return NO_ROUTE
    return f"/api/{match.route}" if match.namespace == "unprefixed" else f"/{match.route}"
