"""The client of the partner API, as the settings say how to reach it."""

from django.conf import settings

from config.http.client import Client


def partner_client() -> Client:
    """Return a client to the partner, for one thread."""
    return Client(role="partner API", accepts=settings.PARTNER_ACCEPTS)
