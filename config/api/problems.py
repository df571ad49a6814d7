"""Errors as `application/problem+json` (RFC 9457), for every path and status, with or without DRF.

Shape: `{type, title, status, detail, instance, errors?: [{field, code, message}]}`; `instance` is the request's id, the
one the log has. A 500 says nothing else about what went wrong: the traceback goes to the log. A person who looks for a page
gets the same as a page.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self

import orjson
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.log import log_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from config.access.throttling import TooManyRequests
from config.api.titles import title_of
from config.core.disk import lacks_room, where_room_lacks
from config.core.kept_texts import translated
from config.core.logging import current_request_id
from config.core.postgresql.away import ASK_AGAIN_SECONDS, FOR_CLIENTS, is_away

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
UNEXPECTED = gettext_lazy("An internal error occurred. The log has the details under this instance.")


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


class Throttled(Problem):
    """Whoever asks has to wait first."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "throttled"


class DiskFull(Problem):
    """A disk has no room for what a request needs to write. It may be sent again as it is, with the same Idempotency-Key."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    code = "disk_full"

    def __init__(self, where: str, **members: Any) -> None:
        super().__init__(
            _("No space is left on %(where)s. Free some space, then try again.") % {"where": where}, **members
        )

    @classmethod
    def of(cls, error: BaseException | None) -> Self:
        """Return the same for an error that `lacks_room`."""
        return cls(where_room_lacks(error))


@contextmanager
def disk_full_as_problem() -> Iterator[None]:
    """Raise DiskFull where the block fails for want of room on a disk."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        if lacks_room(error):
            raise DiskFull.of(error) from error
        raise


class PayloadTooLarge(exceptions.APIException):
    """The request body is larger than the view accepts."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(_("The request body may have at most %(limit)s bytes.") % {"limit": limit})


def problem_body(
    status: int, detail: str, *, errors: list[dict[str, str]] | None = None, **extra: Any
) -> dict[str, Any]:
    """Return the members of a problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(status),
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


def _as_problem(error: Exception) -> Exception:
    """Return the problem that an error of `config.access`, which knows no problems, comes to; any other as it is."""
    if isinstance(error, TooManyRequests):
        return Throttled(error.detail, headers={"Retry-After": str(error.retry_after)})
    return error


def problem_from_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Anything unknown is left to ProblemMiddleware, which logs it."""
    exc = _as_problem(exc)
    if isinstance(exc, Problem):
        body = problem_body(
            exc.status, translated(exc.detail), errors=[_told(each) for each in exc.errors], **exc.extra
        )
        return Response(body, status=exc.status, headers=exc.headers, content_type=CONTENT_TYPE)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(_unknown_path(context["request"].path))
    if not isinstance(exc, exceptions.APIException):
        return None
    errors = [_told(each) for each in _flatten(exc.detail)] if isinstance(exc, exceptions.ValidationError) else []
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


def errors_of(error: Problem | exceptions.ValidationError) -> list[dict[str, str]]:
    """Return what is wrong with an input: `{field, code, message}` of each."""
    if isinstance(error, Problem):
        return error.errors or [{"field": "", "code": error.code, "message": error.detail}]
    return list(_flatten(error.detail))


def _told(error: dict[str, str]) -> dict[str, str]:
    """Return an error in the reader's language: compute/files, which worker processes use without Django, has English ones."""
    return error | {"message": translated(error["message"])}


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
            return problem_response(
                400, _("This server does not answer to that host name; ALLOWED_HOSTS lists those it answers to.")
            )
        if "\0" in request.path:  # PostgreSQL would refuse it as a key
            return not_found(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        match exception := _as_problem(exception):
            case Problem():
                facts = {"headers": exception.headers, "errors": exception.errors, **exception.extra}
                return _answer(request, exception.status, exception.detail, **facts)
            case Http404():
                return not_found(request)
            case PermissionDenied():
                return _answer(request, 403, str(exception) or _("You may not do this."))
            case RequestDataTooBig():
                return _answer(request, 413, _("The request body is too large."))
            case SuspiciousOperation():
                return _answer(request, 400, _("The request could not be understood."))
        return _failed(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return _answer(request, 400, _("The request could not be understood."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _answer(request, 403, _("You may not do this."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404, and the view behind every path that no other one answers."""
    return _answer(request, 404, _unknown_path(request.path))


def _unknown_path(path: str) -> str:
    return _("There is nothing at %(path)s.") % {"path": path}


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for what goes wrong in a middleware too."""
    if lacks_room(error := sys.exception()):
        return _answer(request, DiskFull.status, DiskFull.of(error).detail)
    if is_away(error):
        return _answer(request, 503, FOR_CLIENTS, headers={"Retry-After": str(ASK_AGAIN_SECONDS)})
    return _answer(request, 500, str(UNEXPECTED))


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer what no view expected, and log it."""
    response = server_error(request)  # which sees the error, too
    expected = {503: "No database for", DiskFull.status: "No room for"}
    said = expected.get(response.status_code, "Unhandled error on") + " %s %s"
    log_response(  # Django's, so once
        said, request.method, request.path, response=response, request=request, logger=logger, exception=error
    )
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return _answer(request, 403, f"{_('The form could not be verified; reload the page.')} {reason}".strip())
