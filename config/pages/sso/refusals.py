"""What somebody is told whom the identity provider could not log in. The log knows more."""

import logging
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from config.core.logging import current_request_id

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


class Reason(StrEnum):
    """Why somebody is not logged in; templates/sso/refused.html says it in words."""

    NO_GROUP = "no_group"
    TURNED_OFF = "turned_off"
    CANCELLED = "cancelled"
    NOT_ACCEPTED = "not_accepted"
    UNREACHABLE = "unreachable"


def refusal(request: HttpRequest, reason: Reason) -> HttpResponse:
    """Return the page that says why somebody is not logged in."""
    found = {"reason": reason, "instance": current_request_id()}
    status = HTTPStatus.BAD_GATEWAY if reason is Reason.UNREACHABLE else HTTPStatus.FORBIDDEN
    return render(request, "sso/refused.html", found, status=status)


def refuse(request: HttpRequest, reason: Reason) -> ImmediateHttpResponse:
    """Return the exception that ends a login with that page."""
    return ImmediateHttpResponse(refusal(request, reason))


def with_plain_errors(view: View) -> View:
    """Answer with a page whatever goes wrong with an answer of the identity provider, or when it is asked.

    So many things do (no network, no JSON, no XML, keys that are none) that the libraries have no common exception for.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Http404:
            raise
        except ImmediateHttpResponse as ended:
            return ended.response  # type: ignore[no-any-return]
        except PermissionDenied as error:
            why = str(error) or "nobody asked for it in this browser, or it was answered before"
            logger.warning("A login was refused: %s", why)
            return refusal(request, Reason.NOT_ACCEPTED)
        except Exception:
            logger.exception("The identity provider could not be asked, or its answer not be read.")
            return refusal(request, Reason.UNREACHABLE)

    return guarded
