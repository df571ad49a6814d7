"""Errors as `application/problem+json` (RFC 9457), for every path and status, with or without DRF.

Shape: `{type, title, status, detail, instance, errors?: [{field, code, message}]}`; `instance` is the request's id, the
one the log has. A 500 says nothing else about what went wrong: the traceback goes to the log. A person who looks for a page
gets the same as a page.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.log import log_response
from rest_framework import exceptions
from rest_framework.response import Response

from config.core.logging import current_request_id

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """Base of the errors that a client is told about.

    `status` and `code` belong to the class, `detail` says what happened and how to mend it, `extra` are further members of
    the answer, `headers` go with it.
    """

    status = HTTPStatus.BAD_REQUEST
    code = "invalid"

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or ([{"field": field, "code": self.code, "message": detail}] if field else [])
        self.headers = dict(headers or {})
        self.extra = extra


class PayloadTooLarge(exceptions.APIException):
    """The request body is larger than the view accepts."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body may have at most {limit} bytes.")


def problem_body(
    status: int, detail: str, *, errors: list[dict[str, str]] | None = None, **extra: Any
) -> dict[str, Any]:
    """Return the members of a problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "instance": current_request_id(),
    }
    if errors:
        body["errors"] = errors
    return body | extra


def problem_response(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> HttpResponse:
    """Return a problem as a plain Django response, for paths that no DRF view answers."""
    body = orjson.dumps(problem_body(status, detail, **members))
    return HttpResponse(body, status=status, headers=dict(headers or {}) | {"Content-Type": CONTENT_TYPE})


def prefers_page(request: HttpRequest) -> bool:
    """Return whether a person asks with a browser, and not for a path of the API."""
    is_api = request.path == "/api" or request.path.startswith("/api/")
    return not is_api and request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def _answer(request: HttpRequest, status: int, detail: str, **members: Any) -> HttpResponse:
    """Return a problem: as a page to a person, as a document to a program."""
    if not prefers_page(request):
        return problem_response(status, detail, **members)
    page = render_to_string("error.html", problem_body(status, detail), request)
    return HttpResponse(page, status=status, headers=members.get("headers"))


def problem_from_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Anything unknown is left to ProblemMiddleware, which logs it."""
    if isinstance(exc, Problem):
        body = problem_body(exc.status, exc.detail, errors=exc.errors, **exc.extra)
        return Response(body, status=exc.status, headers=exc.headers, content_type=CONTENT_TYPE)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(_unknown_path(context["request"].path))
    if not isinstance(exc, exceptions.APIException):
        return None
    errors = list(_flatten(exc.detail)) if isinstance(exc, exceptions.ValidationError) else []
    detail = "; ".join(_sentence(error) for error in errors) if errors else str(exc.detail)
    headers = {}
    if exc.status_code == HTTPStatus.UNAUTHORIZED or hasattr(exc, "auth_header"):
        headers["WWW-Authenticate"] = getattr(exc, "auth_header", "Bearer")
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return Response(
        problem_body(exc.status_code, detail, errors=errors),
        status=exc.status_code,
        headers=headers,
        content_type=CONTENT_TYPE,
    )


def _flatten(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Turn DRF's nested details into `{field, code, message}`, with a dotted path as the field."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flatten(value, ".".join(part for part in (field, name) if part))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _flatten(value, ".".join(part for part in (field, str(index)) if part) if nested else field)
    else:
        yield {"field": field, "code": str(getattr(detail, "code", "invalid")), "message": str(detail)}


def _sentence(error: dict[str, str]) -> str:
    return f"{error['field']}: {error['message']}" if error["field"] else error["message"]


class ProblemMiddleware:
    """Turn exceptions that escape a view into problems, under DEBUG too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost:  # found further in, Django would show its own page under DEBUG
            return problem_response(400, "This server does not go by that name; ALLOWED_HOSTS has those it goes by.")
        if "\0" in request.path:  # PostgreSQL would refuse it as a key
            return not_found(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        match exception:
            case Problem():
                facts = {"headers": exception.headers, "errors": exception.errors, **exception.extra}
                return _answer(request, exception.status, exception.detail, **facts)
            case Http404():
                return not_found(request)
            case PermissionDenied():
                return _answer(request, 403, str(exception) or "You may not do this.")
            case RequestDataTooBig():
                return _answer(request, 413, "The request body is too large.")
            case SuspiciousOperation():
                return _answer(request, 400, "The request could not be understood.")
        response = server_error(request)
        said = ("Unhandled error on %s %s", request.method, request.path)
        log_response(*said, response=response, request=request, logger=logger, exception=exception)  # Django's, so once
        return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return _answer(request, 400, "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _answer(request, 403, "You may not do this.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404, and the view behind every path that no other one answers."""
    return _answer(request, 404, _unknown_path(request.path))


def _unknown_path(path: str) -> str:
    return f"There is nothing at {path}."


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return _answer(request, 500, "Something went wrong here. The log has the details under this instance.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return _answer(request, 403, f"The form could not be trusted; load the page again. {reason}".strip())
