"""A POST for hot paths: documented, authorized and refused like any other, without DRF's work around the handler.

DRF's request object, negotiation, permissions and rendering cost a third of a small request's CPU (docs/decisions/0031).
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import NotAuthenticated, UnsupportedMediaType
from rest_framework.viewsets import GenericViewSet

from config.common.authentication import NO_TOKEN, BearerAuthentication, Caller
from config.common.compression import decode_body
from config.common.json import dumps
from config.common.problems import CONTENT_TYPE, problem_from_exception
from config.common.strict import refuse_unknown


class LeanPost(GenericViewSet[Any]):
    """A viewset whose `create` takes Django's HttpRequest and returns an HttpResponse; other methods are as ever."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.action_map.get(str(request.method).lower()) != "create":
            return super().dispatch(request, *args, **kwargs)
        try:
            self.caller = _checked_caller(request)
            return self.create(request, *args, **kwargs)  # type: ignore[attr-defined, no-any-return]
        except Exception as error:
            problem = problem_from_exception(error, {"request": request})
            if problem is None:
                raise
            headers = {**problem.headers, "Content-Type": CONTENT_TYPE}
            return HttpResponse(dumps(problem.data), status=problem.status_code, headers=headers)


def _checked_caller(request: HttpRequest) -> Caller | None:
    """Return who asks.

    Refuse a wrong token always, none only when REQUIRE_TOKEN says so (as TokenIfRequired), and what is not JSON.
    """
    found = BearerAuthentication().authenticate(request)
    if found is None and settings.REQUIRE_TOKEN:
        raise NotAuthenticated(NO_TOKEN)
    if request.META.get("QUERY_STRING"):
        refuse_unknown(request.GET, [])
    if request.content_type != "application/json":
        raise UnsupportedMediaType(request.content_type or "(none)")
    decode_body(request)
    return found[0] if found else None
