"""System checks of the settings that say who may do what."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.db import DatabaseError

from config.access import clients
from config.access.addresses import parsed_networks
from config.access.callers import known_scopes
from config.access.scopes import Scope


def check_access(**_: Any) -> list[CheckMessage]:
    """Find settings that cannot work."""
    errors: list[CheckMessage] = []
    try:
        parsed_networks(tuple(settings.TRUSTED_PROXIES))
    except ValueError as error:
        mend = "Give addresses and networks of your proxies, separated by commas, such as 10.0.0.0/8."
        errors.append(Error(f"TRUSTED_PROXIES cannot be read: {error}.", hint=mend, id="apron.E100"))
    if settings.AUDIT_RETENTION_DAYS <= 0:
        mend = "Give a positive number, or leave it unset."
        errors.append(Error("AUDIT_RETENTION_DAYS is not above 0.", hint=mend, id="apron.E150"))
    unknown = sorted(set(settings.JWT_DEFAULT_SCOPES) - known_scopes(settings.JWT_DEFAULT_SCOPES))
    if unknown:
        text = f"JWT_DEFAULT_SCOPES names {', '.join(unknown)}, which is no scope."
        errors.append(Error(text, hint=f"There are: {', '.join(Scope.values)}.", id="apron.E101"))
    return errors


def check_access_deployment(**_: Any) -> list[CheckMessage]:
    """Find settings that are fine on a desk and a risk in production."""
    warnings: list[CheckMessage] = []
    if settings.HTTPS_ONLY and not settings.TRUSTED_PROXIES:
        text = "HTTPS_ONLY says that there is a proxy, and TRUSTED_PROXIES names none: all who ask have the proxy's address."
        mend = "Name your proxies in TRUSTED_PROXIES, or the wrong passwords and tokens of one hold up all others."
        warnings.append(Warning(text, hint=mend, id="apron.W130"))
    if _is_token_alone():
        mend = "Give each program a client with the scopes that it needs: manage.py api_client create NAME --scope ..."
        warnings.append(Warning("API_TOKEN, which may do everything, is the only token.", hint=mend, id="apron.W100"))
    return warnings


def _is_token_alone() -> bool:
    if settings.JWT_KEY or settings.JWKS_URL:
        return False
    try:
        return not clients.has_clients()
    except DatabaseError:
        return False  # the database is made later
