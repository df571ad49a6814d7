"""People whom an identity provider vouches for: which of our groups its groups are."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

from config.core.permissions import ROLES


def is_oidc_set() -> bool:
    """Return whether people may log in with OpenID Connect."""
    return bool(settings.SSO_OIDC_ISSUER)


def is_saml_set() -> bool:
    """Return whether people may log in with SAML."""
    return bool(settings.SSO_SAML_METADATA_URL)


def is_sso_set() -> bool:
    """Return whether there is an identity provider at all."""
    return is_oidc_set() or is_saml_set()


def roles_of(provider_groups: Iterable[str]) -> set[str]:
    """Return our groups for somebody who is in these groups of the identity provider."""
    theirs = set(provider_groups)
    return {role for group, role in settings.SSO_GROUPS if group in theirs}


def set_roles(user: User, roles: set[str]) -> None:
    """Put the user into these of our groups and out of the others; groups that an administrator made are left alone."""
    user.groups.remove(*user.groups.filter(name__in=set(ROLES) - roles))  # others would be recorded as taken, too
    user.groups.add(*Group.objects.filter(name__in=roles))


def end_sessions(user: User) -> None:
    """End the sessions of who has no password here: each is good as long as what stands in the password's place."""
    if not user.has_usable_password():
        User.objects.filter(pk=user.pk).update(password=make_password(None))
