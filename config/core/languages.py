"""In which language a request is answered: the reader's choice (a cookie), else the wish of `Accept-Language`, else English.

What is kept or read by programs stays English: codes, logs, metrics, audit entries, errors of jobs and imports.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request, override

WISHES = ("HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE")
TRANSLATED = ("text/html", "application/problem+json")
ENGLISH = "en"


class LanguageMiddleware:
    """Django's LocaleMiddleware for the requests that wish anything: the others, as programs send them, pay nothing.

    It also leaves no language behind in its thread, and says that it chose one only where there is something to translate.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not any(name in request.META for name in WISHES):
            return _labelled(self.get_response(request), settings.LANGUAGE_CODE)
        language = get_language_from_request(request)
        with override(language, deactivate=True):
            return _labelled(self.get_response(request), language)


def _labelled(response: HttpResponseBase, language: str) -> HttpResponseBase:
    if response.headers.get("Content-Type", "").startswith(TRANSLATED):
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


def in_english() -> AbstractContextManager[None]:
    """Make the texts of the block in English: they are kept, or are for the log."""
    return override(ENGLISH)
