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
    """Find what is open on a server that others reach."""
    try:
        is_alone = not (clients.has_clients() or settings.JWT_KEY or settings.JWKS_URL)
    except DatabaseError:
        return []  # it is made later
    if not is_alone:
        return []
    mend = "Give each program a client with the scopes that it needs: manage.py api_client create NAME --scope ..."
    return [Warning("API_TOKEN, which may do everything, is the only token.", hint=mend, id="apron.W100")]
