"""A POST for hot paths: documented, authorized and refused like any other, without DRF's work around the handler.

DRF's request object, negotiation, permissions and rendering cost a third of a small request's CPU (docs/decisions/0031).
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import NotAuthenticated, UnsupportedMediaType
from rest_framework.views import APIView

from config.common.authentication import NO_TOKEN, BearerAuthentication
from config.common.json import dumps
from config.common.problems import CONTENT_TYPE, problem_from_exception


class LeanPostView(APIView):
    """An APIView whose `post` takes Django's HttpRequest and returns an HttpResponse; other methods are as ever."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        try:
            _check(request)
            return self.post(request, *args, **kwargs)
        except Exception as error:
            problem = problem_from_exception(error, {"request": request})
            if problem is None:
                raise
            headers = {**problem.headers, "Content-Type": CONTENT_TYPE}
            return HttpResponse(dumps(problem.data), status=problem.status_code, headers=headers)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer; Problems and DRF's exceptions become problem documents."""
        raise NotImplementedError


def _check(request: HttpRequest) -> None:
    """Refuse a wrong token always, none only when REQUIRE_TOKEN says so (as TokenIfRequired), and what is not JSON."""
    bearer = BearerAuthentication()
    if bearer.authenticate(request) is None and settings.REQUIRE_TOKEN:
        raise NotAuthenticated(NO_TOKEN)
    if request.content_type != "application/json":
        raise UnsupportedMediaType(request.content_type or "(none)")
