"""How allauth logs people in here: which providers there are, who gets an account, what follows a login."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from config.access.people import end_sessions, is_oidc_set, is_saml_set, roles_of, set_roles
from config.pages.login import AT_PROVIDER
from config.pages.sso.refusals import Reason, refusal, refuse

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialApp, SocialLogin

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What is done at every login, with a password or through the identity provider."""

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether a login may lead there: to this host alone, not to others of ALLOWED_HOSTS."""
        request = context.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def get_login_stages(self) -> list[str]:
        stages = "config.pages.sso.second_factor"
        return [f"{stages}.AskForCode", f"{stages}.SetUp"]

    def post_login(
        self, request: HttpRequest, user: User, *, signal_kwargs: dict[str, Any] | None, **kwargs: Any
    ) -> HttpResponse:
        """End the session in time, for who came through the provider: groups are looked at only when people log in."""
        sociallogin = (signal_kwargs or {}).get("sociallogin")
        request.session.set_expiry(None)  # what was there before the login may have had another end
        if sociallogin:
            request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SSO_SESSION_SECONDS))
            request.session[AT_PROVIDER] = sociallogin.at_provider
        response: HttpResponse = super().post_login(request, user, signal_kwargs=signal_kwargs, **kwargs)
        return response

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("logged-out")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return refusal(request, Reason.TURNED_OFF)

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Say nothing: our pages say what has happened."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The identity provider of the settings, and the accounts of those it vouches for."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list["SocialApp"]:
        """Return the providers that the environment names; what may be in the table is not looked at."""
        from allauth.socialaccount.models import SocialApp  # noqa: PLC0415 - loaded before the models are

        found = []
        if is_oidc_set():
            found.append(
                SocialApp(
                    provider="openid_connect",
                    name=settings.SSO_OIDC_NAME,
                    client_id=settings.SSO_OIDC_CLIENT_ID,
                    secret=settings.SSO_OIDC_CLIENT_SECRET,
                    settings={"server_url": settings.SSO_OIDC_ISSUER.rstrip("/"), "oauth_pkce_enabled": True},
                )
            )
        if is_saml_set():
            from config.pages.sso.saml import app_settings  # noqa: PLC0415 - loads libxml2, for those who use it

            found.append(
                SocialApp(provider="saml", name=settings.SSO_SAML_NAME, client_id="saml", settings=app_settings())
            )
        return [app for app in found if provider in {None, app.provider}]

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """Answer with a page. The log has the reason, which holds no secret: allauth's and the library's own words."""
        logger.warning("A login through %s failed: %s", provider, exception or error)
        raise refuse(request, Reason.CANCELLED if error == AuthError.CANCELLED else Reason.NOT_ACCEPTED)

    def pre_social_login(self, request: HttpRequest, sociallogin: "SocialLogin") -> None:
        """Let in whose groups at the provider are groups of ours, and give them these; make their account if there is none.

        An account is found by the provider and its name for the person, never by an e-mail address or a user name, which
        people may be able to choose there.
        """
        roles = roles_of(sociallogin.account.extra_data["groups"])
        is_known = sociallogin.is_existing
        if is_known:
            set_roles(sociallogin.user, roles)
        if not roles:
            if is_known:
                end_sessions(
                    sociallogin.user
                )  # where a superuser's right, or a group of another name, would go on serving
            logger.warning("Somebody in no group of SSO_GROUPS wanted to log in: %s", sociallogin.account.uid)
            raise refuse(request, Reason.NO_GROUP)
        if not is_known:
            self._make_account(request, sociallogin, roles)

    @staticmethod
    @transaction.atomic
    def _make_account(request: HttpRequest, sociallogin: "SocialLogin", roles: set[str]) -> None:
        user = sociallogin.user
        wanted = [user.username, user.email, user.last_name, "user"]
        user.username = AccountAdapter().generate_unique_username(wanted)
        user.is_staff = True  # the admin opens; what they may do there, their groups say
        user.set_unusable_password()
        sociallogin.save(request, connect=True)
        set_roles(user, roles)
        logger.info(
            "Made the account %s for somebody who came through %s.", user.username, sociallogin.account.provider
        )


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second factor of those who log in with a password."""

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return not settings.REQUIRE_SECOND_FACTOR
