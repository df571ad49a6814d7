"""System checks of the settings that say who may do what."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name

from config.access.addresses import parsed_networks


def check_access(**_: Any) -> list[CheckMessage]:
    """Find settings that cannot work."""
    try:
        parsed_networks(tuple(settings.TRUSTED_PROXIES))
    except ValueError as error:
        mend = "Give addresses and networks of your proxies, separated by commas, such as 10.0.0.0/8."
        return [Error(f"TRUSTED_PROXIES cannot be read: {error}.", hint=mend, id="apron.E100")]
    return []


def check_access_deployment(**_: Any) -> list[CheckMessage]:
    """Find settings that are fine on a desk and a risk in production."""
    if not settings.HTTPS_ONLY or settings.TRUSTED_PROXIES:
        return []
    text = (
        "HTTPS_ONLY says that there is a proxy, and TRUSTED_PROXIES names none: all who ask have the proxy's address."
    )
    mend = "Name your proxies in TRUSTED_PROXIES, or the wrong passwords and tokens of one hold up all others."
    return [Warning(text, hint=mend, id="apron.W130")]
