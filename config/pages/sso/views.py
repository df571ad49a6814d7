"""Logins and logouts through the identity provider. SAML loads libxml2, 12 MB, so only where it is used."""

from typing import Any

from allauth.socialaccount.internal.statekit import STATE_TTL
from allauth.socialaccount.providers import registry
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from config.access.people import is_oidc_set, is_saml_set
from config.pages.login import AT_PROVIDER
from config.pages.sso import oidc
from config.pages.sso.refusals import with_plain_errors

registry.register(oidc.Provider)


def _oidc() -> Any:
    if not is_oidc_set():
        raise Http404
    return oidc


def _saml() -> Any:
    if not is_saml_set():
        raise Http404
    from config.pages.sso import saml  # noqa: PLC0415 - see above

    registry.register(saml.Provider)
    saml.learn_of_provider()
    return saml


def _forgotten_soon(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Let the session of who is not logged in yet end with the state that is in it: anybody can have one made."""
    if not request.user.is_authenticated:
        request.session.set_expiry(STATE_TTL)
    return response


@never_cache
@with_plain_errors
def oidc_login(request: HttpRequest) -> HttpResponseBase:
    """Lead to the provider."""
    return _forgotten_soon(request, _oidc().login(request))


@never_cache
@with_plain_errors
def oidc_callback(request: HttpRequest) -> HttpResponseBase:
    """Log in whom the provider sends back."""
    return _oidc().callback(request)  # type: ignore[no-any-return]


@never_cache
@with_plain_errors
def saml_login(request: HttpRequest) -> HttpResponseBase:
    """Lead to the provider."""
    return _forgotten_soon(request, _saml().login(request, organization_slug="saml"))


@csrf_exempt
@never_cache
@with_plain_errors
def saml_acs(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Take what the provider posts."""
    return _saml().receive(request, organization_slug=organization_slug)  # type: ignore[no-any-return]


@never_cache
@with_plain_errors
def saml_finish(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Log in whom the provider vouched for."""
    return _saml().finish(request, organization_slug=organization_slug)  # type: ignore[no-any-return]


@csrf_exempt
@never_cache
@with_plain_errors
def saml_sls(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """End the session that the provider says is over."""
    return _saml().end_session(request, organization_slug=organization_slug)  # type: ignore[no-any-return]


@with_plain_errors
def saml_metadata(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Describe ourselves to the provider."""
    return _saml().metadata(request, organization_slug=organization_slug)  # type: ignore[no-any-return]


@never_cache
@with_plain_errors
def logout_there(request: HttpRequest) -> HttpResponseBase:
    """Lead who has logged out here to where the provider ends its own session."""
    if request.user.is_authenticated:
        return redirect("home")
    known = request.session.pop(AT_PROVIDER, None) or {}
    protocols = {"oidc": _oidc, "saml": _saml}
    url = protocols[known["kind"]]().logout_url(request, known) if known else None
    return redirect(url or "logged-out")
