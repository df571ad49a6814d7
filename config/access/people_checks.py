"""System checks of the settings that say how people log in. No message holds a secret."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name

from config.access.people import is_saml_set, is_sso_set
from config.core.permissions import ROLES
from config.core.settings_checks import SettingError

OIDC = ("SSO_OIDC_ISSUER", "SSO_OIDC_CLIENT_ID", "SSO_OIDC_CLIENT_SECRET")
INSTALL = "pip install '.[sso]', or use the image, which has it."


def check_people(**_: Any) -> list[CheckMessage]:
    """Find settings with which nobody could log in, or anybody."""
    errors = [*_oidc_errors(), *_saml_errors(), *_group_errors(), *_login_errors()]
    return [Error(text, hint=hint, id=f"apron.{code}") for code, text, hint in errors]


def _oidc_errors() -> Iterator[SettingError]:
    given = [name for name in OIDC if getattr(settings, name)]
    missing = [name for name in OIDC if name not in given]
    if given and missing:
        yield (
            "E110",
            f"{given[0]} is set, and {missing[0]} is not.",
            f"Set {missing[0]}, or {missing[0]}_FILE to a file.",
        )
    if settings.SSO_OIDC_ISSUER and urlsplit(settings.SSO_OIDC_ISSUER).scheme not in _schemes("https"):
        mend = "Give the provider's issuer as it spells it: what stands before /.well-known/openid-configuration."
        yield "E111", "SSO_OIDC_ISSUER is no https address.", mend
    if "openid" not in settings.SSO_OIDC_SCOPES:
        yield "E111", "SSO_OIDC_SCOPES has no openid.", "Add it: without it, there is no ID token."


def _schemes(*schemes: str) -> set[str]:
    return {*schemes, *(["http"] if settings.DEBUG else [])}


def _saml_errors() -> Iterator[SettingError]:
    if not is_saml_set():
        return
    url = urlsplit(settings.SSO_SAML_METADATA_URL)
    if url.scheme not in _schemes("https", "file"):
        mend = "Give the https address of the provider's metadata, or file:///path/of/metadata.xml."
        yield "E112", "SSO_SAML_METADATA_URL is neither https nor file.", mend
    if url.scheme == "file" and not Path(unquote(url.path)).is_file():
        yield "E112", "SSO_SAML_METADATA_URL names a file that is not there.", "Give the path of one that is."
    if bool(settings.SSO_SAML_KEY) != bool(settings.SSO_SAML_CERTIFICATE):
        yield "E113", "Of SSO_SAML_KEY and SSO_SAML_CERTIFICATE one is set.", "Set both to PEM, or neither."
    elif settings.SSO_SAML_KEY and not _is_pair(settings.SSO_SAML_KEY, settings.SSO_SAML_CERTIFICATE):
        mend = "Give both in PEM, the key without a passphrase."
        yield "E113", "SSO_SAML_KEY and SSO_SAML_CERTIFICATE are not a key and its certificate.", mend


def _is_pair(key: str, certificate: str) -> bool:
    from cryptography import x509  # noqa: PLC0415 - for those who have a key
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        ours = load_pem_private_key(key.encode(), password=None).public_key()
        return bool(x509.load_pem_x509_certificate(certificate.encode()).public_key() == ours)
    except (ValueError, TypeError):
        return False


def _group_errors() -> Iterator[SettingError]:
    for theirs, ours in settings.SSO_GROUPS:
        if not theirs or ours not in ROLES:
            mend = f"Give pairs by commas, such as airline-ops=operator; to the right one of {', '.join(ROLES)}."
            yield "E114", f"SSO_GROUPS has {theirs}={ours}.", mend
    if is_sso_set() and not settings.SSO_GROUPS:
        mend = (
            "Say which groups of the provider may log in, such as SSO_GROUPS=airline-ops=operator,airline-bi=analyst."
        )
        yield "E115", "There is an identity provider, and SSO_GROUPS is not set: nobody could log in.", mend
    if settings.SSO_SESSION_SECONDS < 60:
        yield "E116", "SSO_SESSION_SECONDS is below 60.", "Give seconds, such as 28800 for eight hours."


def _login_errors() -> Iterator[SettingError]:
    if is_sso_set() and not settings.HAS_ALLAUTH:
        yield "E117", "There is an identity provider, and the extra apron[sso] is not installed.", INSTALL
    if settings.REQUIRE_SECOND_FACTOR and not settings.HAS_ALLAUTH:
        yield "E118", "REQUIRE_SECOND_FACTOR is true, and the extra apron[sso] is not installed.", INSTALL
    if not settings.LOCAL_LOGIN and not is_sso_set():
        mend = "Set SSO_OIDC_ISSUER or SSO_SAML_METADATA_URL, or leave LOCAL_LOGIN true."
        yield "E119", "LOCAL_LOGIN is false, and there is no identity provider: nobody could log in.", mend


def check_people_deployment(**_: Any) -> list[CheckMessage]:
    """Find logins that travel in the clear."""
    if not is_sso_set() or settings.HTTPS_ONLY:
        return []
    mend = "Set HTTPS_ONLY=true behind a proxy that ends TLS; the provider then sends people back to an https address."
    return [Warning("People log in through an identity provider over plain HTTP.", hint=mend, id="apron.W110")]
