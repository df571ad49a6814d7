"""Read the `Prefer` header (RFC 7240)."""

from django.http import HttpRequest
from rest_framework.request import Request


def prefers_async(request: Request | HttpRequest) -> bool:
    """Return whether the request carries `Prefer: respond-async`."""
    preferences = request.META.get("HTTP_PREFER", "").lower().replace(";", ",").split(",")
    return "respond-async" in (each.strip() for each in preferences)
