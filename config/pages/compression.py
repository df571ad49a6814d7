"""Compress pages. Their static files are compressed once, by WhiteNoise at `collectstatic`; the API's answers are not."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Send HTML as gzip to who takes it: a list of the admin is 15 kB instead of 350.

    Django masks the CSRF token anew in each page, and adds a random number of bytes: its length tells nothing (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response
