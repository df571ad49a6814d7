"""Log in with OpenID Connect: the authorization code flow with PKCE, state and nonce; ID tokens are verified here.

allauth takes the word of an ID token that came over TLS from the provider itself. We look at its signature all the same,
with the keys and the cache that the API's JWTs are verified with, and at the nonce and the authorized party.
"""

from typing import Any

import jwt
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac
from django.utils.http import urlencode

from config.api.jwks import signing_key
from config.pages.sso.descriptions import description_of
from config.pages.sso.groups import names_in

ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
]  # public keys only
LEEWAY = 60  # seconds that the provider's clock may be wrong
CALLBACK = "sso-oidc-callback"


def nonce_of(state: str) -> str:
    """Return the nonce that belongs to a login's state: only who has SECRET_KEY can tell one from the other."""
    return salted_hmac("apron.sso.nonce", state, algorithm="sha256").hexdigest()


def verified_claims(id_token: str, configuration: dict[str, Any], nonce: str) -> dict[str, Any]:
    """Return what an ID token says; raise OAuth2Error unless its provider signed it for this login, just now."""
    try:
        claims: dict[str, Any] = jwt.decode(
            id_token,
            signing_key(configuration["jwks_uri"], id_token),
            algorithms=ALGORITHMS,
            audience=settings.SSO_OIDC_CLIENT_ID,
            issuer=configuration["issuer"],
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise OAuth2Error(f"the ID token is not valid: {error}") from error
    if not constant_time_compare(str(claims.get("nonce")), nonce):
        raise OAuth2Error("the ID token is not valid: it has the nonce of another login")
    if claims.get("azp", settings.SSO_OIDC_CLIENT_ID) != settings.SSO_OIDC_CLIENT_ID:
        raise OAuth2Error("the ID token is not valid: it was made for another client")
    return claims


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The talk with the provider."""

    def __init__(self, request: HttpRequest, provider_id: str = "openid_connect") -> None:
        super().__init__(request, provider_id)

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return the provider's configuration; raise OAuth2Error where it is another provider's."""
        return description_of(settings.SSO_OIDC_ISSUER).get(self._ask)

    def _ask(self) -> dict[str, Any]:
        found: dict[str, Any] = super().openid_config
        if found["issuer"] != settings.SSO_OIDC_ISSUER:
            raise OAuth2Error(f"the provider calls itself {found['issuer']}, and SSO_OIDC_ISSUER says otherwise")
        return found

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Return who logs in, from the ID token and, where it says less, from the userinfo endpoint."""
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("the provider sent no ID token")
        claims = verified_claims(id_token, self.openid_config, nonce_of(request.GET["state"]))
        if "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("the userinfo endpoint tells of somebody else")
            claims = more | claims
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.account.provider = settings.SSO_OIDC_ISSUER  # a name of another provider is another person's
        login.at_provider = {"kind": "oidc", "id_token": id_token}
        return login

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse(CALLBACK))


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """Our one provider, which takes nothing but `next` from who asks."""

    oauth2_adapter_class = Adapter

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        asked = super().get_redirect_from_request_kwargs(request)
        state = get_random_string(32)
        return {
            "process": AuthProcess.LOGIN,
            "next_url": asked.get("next_url"),
            "scope": settings.SSO_OIDC_SCOPES,
            "auth_params": {"nonce": nonce_of(state)},
            "state_id": state,
        }

    def get_oauth2_adapter(self, request: HttpRequest) -> Adapter:
        return Adapter(request)

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Keep the groups; what is kept of the person beside, their account has."""
        return {"groups": names_in(data["id_token"].get(settings.SSO_GROUPS_CLAIM))}


login = OAuth2LoginView.adapter_view(Adapter)
callback = OAuth2CallbackView.adapter_view(Adapter)


def logout_url(request: HttpRequest, known: dict[str, Any]) -> str | None:
    """Return where the provider ends its own session, and comes back from; None where it does not say."""
    end: str | None = Adapter(request).openid_config.get("end_session_endpoint")
    if not end:
        return None
    back = request.build_absolute_uri(reverse("logged-out"))
    asked = {
        "id_token_hint": known["id_token"],
        "client_id": settings.SSO_OIDC_CLIENT_ID,
        "post_logout_redirect_uri": back,
    }
    return f"{end}{'&' if '?' in end else '?'}{urlencode(asked)}"
