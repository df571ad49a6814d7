"""Compress pages. Their static files are compressed once, by WhiteNoise at `collectstatic`; the API's answers are not."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware:
    """Send HTML as gzip to who takes it: a list of the admin is 15 kB instead of 350.

    Django masks the CSRF token anew in each page, and adds a random number of bytes: its length tells nothing (BREACH).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._gzip = GZipMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            return self._gzip.process_response(request, response)
        return response
