"""API clients: make and revoke them and their keys, and find who has sent a key."""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cachetools.func import ttl_cache
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from config.access import audit
from config.access.addresses import parsed_networks
from config.access.callers import CLIENT_SUB, Caller
from config.access.scopes import Scope
from config.core.locks import WouldWaitError, without_waiting
from config.models import ApiClient, ApiKey

logger = logging.getLogger(__name__)

PREFIX = "apron_"  # by which people and programs that look for lost keys know one
IDENT_LENGTH = len(PREFIX) + 6
MOST_KEYS = 2  # that are good at once: the one in use, and the one that follows it
KNOWN_SECONDS = 5.0  # that a process may go on accepting a key which another one has revoked
USED_SECONDS = 60.0


class TooManyKeysError(Exception):
    """A client has two good keys already."""


class UnknownKeyError(Exception):
    """No client has this key, or not any more."""


def is_key(token: str) -> bool:
    """Return whether a token has the looks of a client's key."""
    return token.startswith(PREFIX)


def caller_with(key: str) -> Caller:
    """Return the client that a key is of; raise UnknownKeyError. What it may do may be KNOWN_SECONDS old."""
    caller, expires_at = _known(_digest(key))
    if expires_at and expires_at <= timezone.now():
        raise UnknownKeyError
    return caller


def check_scopes(scopes: Sequence[str]) -> None:
    """Raise ValidationError where there is none, or one that is not known."""
    unknown = [scope for scope in scopes if scope not in Scope.values]
    if unknown:
        raise ValidationError(
            _("Unknown scope %(unknown)s. The scopes are: %(values)s.")
            % {"unknown": ", ".join(unknown), "values": ", ".join(Scope.values)}
        )
    if not scopes:
        raise ValidationError(_("Give at least one scope."))


def check_networks(networks: Sequence[str]) -> None:
    """Raise ValidationError where one is neither an address nor a network."""
    try:
        parsed_networks(tuple(networks))
    except ValueError as error:
        raise ValidationError(
            _("%(error)s. Give addresses or networks, such as 192.0.2.0/24.") % {"error": error}
        ) from error


def create_client(*, name: str, scopes: Sequence[str], **fields: Any) -> tuple[ApiClient, str]:
    """Make a client with its first key, and return both; raise ValidationError."""
    client = ApiClient(name=name, scopes=list(scopes), **fields)
    check_scopes(client.scopes)
    check_networks(client.allowed_networks)
    client.full_clean()
    with transaction.atomic():
        client.save()
        return client, new_key(client)


def new_key(client: ApiClient) -> str:
    """Make another key for a client, and return it: this is the only time that it can be seen. Raise TooManyKeysError."""
    key = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        ApiClient.objects.select_for_update().get(pk=client.pk)
        if good_keys(client).count() >= MOST_KEYS:
            raise TooManyKeysError(
                _("%(client)s has %(most_keys)s keys already. Revoke the one that is no longer used.")
                % {"client": client, "most_keys": MOST_KEYS}
            )
        made = ApiKey.objects.create(client=client, ident=key[:IDENT_LENGTH], digest=_digest(key))
        audit.record("make_key", client, key=str(made))
    return key


def good_keys(client: ApiClient) -> QuerySet[ApiKey]:
    """Return a client's keys that are not revoked, oldest first."""
    return client.keys.filter(revoked_at=None).order_by("id")


def revoke_key(key: ApiKey) -> None:
    """Make a key worthless, for good."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record("revoke_key", key, key=str(key))
    forget_keys()


def revoke_client(client: ApiClient) -> None:
    """Make all keys of a client worthless, for good."""
    with transaction.atomic():
        if ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record("revoke_client", client)
        client.keys.filter(revoked_at=None).update(revoked_at=timezone.now())
    forget_keys()


def forget_keys() -> None:
    """Have this process look every key up again."""
    _known.cache_clear()


def has_clients() -> bool:
    """Return whether there is a client that can call."""
    now = timezone.now()
    good = Q(client__revoked_at=None) & (Q(client__expires_at=None) | Q(client__expires_at__gt=now))
    return ApiKey.objects.filter(good, revoked_at=None).exists()


@ttl_cache(maxsize=1000, ttl=KNOWN_SECONDS)
def _known(digest: str) -> tuple[Caller, datetime | None]:
    """Return who has the key of a digest, and until when."""
    key = ApiKey.objects.select_related("client").filter(digest=digest, revoked_at=None).first()
    if key is None or key.client.revoked_at:
        raise UnknownKeyError
    _note_use(key)
    client = key.client
    caller = Caller(
        sub=f"{CLIENT_SUB}{client.name}",
        scopes=frozenset(client.scopes),
        networks=parsed_networks(tuple(client.allowed_networks)),
        requests_per_minute=client.requests_per_minute,
    )
    return caller, client.expires_at


def _note_use(key: ApiKey) -> None:
    """Note when a key was used. Nobody's request waits for that, or fails where it cannot be written."""
    now = timezone.now()
    if key.last_used_at and now - key.last_used_at < timedelta(seconds=USED_SECONDS):
        return
    try:
        with without_waiting(), transaction.atomic():
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    except (WouldWaitError, DatabaseError) as error:
        logger.info("When the key %s was used could not be noted: %s", key, error)


def _digest(key: str) -> str:
    """A plain hash is enough: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()
