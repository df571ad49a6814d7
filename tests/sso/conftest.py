"""A browser without a browser, and the settings with which an identity provider is used."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from tests.fakes.openid_provider import OpenIdProvider
from tests.fakes.saml_provider import SamlProvider
from tests.people import BROWSER
from tests.sso.codes import PASSWORD, SECRET

GROUPS = [("airline-ops", "operator"), ("airline-bi", "analyst")]


@pytest.fixture
def client() -> Client:
    """A browser, which says which host it asks."""
    return Client(headers={**BROWSER, "host": "testserver"})


@pytest.fixture(scope="session")
def openid_server() -> Iterator[OpenIdProvider]:
    """The OpenID provider, whose key takes a while to make."""
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture
def openid(openid_server: OpenIdProvider, settings: Any) -> Iterator[OpenIdProvider]:
    """The OpenID provider; settings point to it."""
    settings.SSO_GROUPS = GROUPS
    for name, value in openid_server.settings.items():
        setattr(settings, name, value)
    people, spoil = dict(openid_server.people), openid_server.spoil
    yield openid_server
    openid_server.people, openid_server.spoil = people, spoil


@pytest.fixture(scope="session")
def saml_server() -> Iterator[SamlProvider]:
    """The SAML provider, whose key takes a while to make."""
    with SamlProvider() as provider:
        yield provider


@pytest.fixture
def saml(saml_server: SamlProvider, settings: Any, client: Client) -> Iterator[SamlProvider]:
    """The SAML provider, which knows us; settings point to it."""
    settings.SSO_GROUPS = GROUPS
    for name, value in saml_server.settings.items():
        setattr(settings, name, value)
    saml_server.learn(client.get("/sso/saml/metadata").content.decode())
    people, spoil = dict(saml_server.people), saml_server.spoil
    yield saml_server
    saml_server.people, saml_server.spoil, saml_server.options = people, spoil, {}


@pytest.fixture
def ana() -> User:
    """Somebody with a password, of whom no code was used: in one half minute, she has the same code in each test."""
    cache.clear()
    return User.objects.create_user("ana", password=PASSWORD, is_staff=True)


@pytest.fixture
def with_app(ana: User) -> User:
    """Ana, who has an app and recovery codes."""
    TOTP.activate(ana, SECRET)
    RecoveryCodes.activate(ana)
    return ana
