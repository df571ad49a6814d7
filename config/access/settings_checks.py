"""System checks of the settings that say who may do what."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from config.access.addresses import parsed_networks


def check_access(**_: Any) -> list[CheckMessage]:
    """Find settings that cannot work."""
    found: list[CheckMessage] = []
    try:
        parsed_networks(tuple(settings.TRUSTED_PROXIES))
    except ValueError as error:
        mend = "Give addresses and networks of your proxies, separated by commas, such as 10.0.0.0/8."
        found.append(Error(f"TRUSTED_PROXIES cannot be read: {error}.", hint=mend, id="apron.E100"))
    if settings.AUDIT_RETENTION_DAYS <= 0:
        mend = "Give a positive number, or leave it unset."
        found.append(Error("AUDIT_RETENTION_DAYS is not above 0.", hint=mend, id="apron.E150"))
    return found
