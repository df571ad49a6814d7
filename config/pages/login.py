"""Logging in and out: one login for pages and admin, with a password, through the identity provider, or both."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from config.access.people import is_oidc_set, is_saml_set

AT_PROVIDER = "sso"  # in the session: what the provider wants to hear at the logout
SECONDS_TO_LOG_OUT_THERE = 600


class Login(LoginView):
    """The one login."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.LOCAL_LOGIN:
            raise PermissionDenied
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log them in, or, where they have a second factor or need one, ask for that first."""
        if not settings.HAS_ALLAUTH:
            return super().form_valid(form)
        from config.pages.sso.second_factor import log_in  # noqa: PLC0415 - an extra

        return log_in(self.request, form.get_user(), self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        then = self.get_redirect_url()
        query = f"?{urlencode({'next': then})}" if then else ""
        providers = [(name, reverse(url) + query) for name, url in _providers()]
        return super().get_context_data(**kwargs) | {"providers": providers, "local_login": settings.LOCAL_LOGIN}


def _providers() -> list[tuple[str, str]]:
    """Return the name of each identity provider and of the URL that leads to it."""
    oidc = [(settings.SSO_OIDC_NAME, "sso-oidc-login")] if is_oidc_set() else []
    return oidc + ([(settings.SSO_SAML_NAME, "sso-saml-login")] if is_saml_set() else [])


class Logout(LogoutView):
    """End our session, and lead who came through the identity provider to where they can end the one there as well."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        at_provider = request.session.get(AT_PROVIDER)
        response = super().post(request, *args, **kwargs)
        if not at_provider:
            return response
        request.session[AT_PROVIDER] = at_provider
        request.session.set_expiry(SECONDS_TO_LOG_OUT_THERE)
        return redirect("logged-out")


@never_cache
def logged_out(request: HttpRequest) -> HttpResponse:
    """Say that our session is over, and that the identity provider's may not be."""
    is_there = AT_PROVIDER in request.session and not request.user.is_authenticated
    return render(request, "logged_out.html", {"is_logged_in_there": is_there})


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """Return the links of the admin's account menu: only who has a password has something to change."""
    if not request.user.is_authenticated or not request.user.has_usable_password():
        return []
    links = [{"title": gettext("Change password"), "link": reverse("admin:password_change")}]
    if settings.HAS_ALLAUTH:
        links.append({"title": gettext("Second factor"), "link": reverse("mfa_index")})
    return links
