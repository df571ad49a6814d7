"""Log in with SAML 2.0: python3-saml judges what the provider sends; allauth keeps the state; what both leave out is here.

An assertion is good once, and only in the browser whose login it answers: the signed part has to name our request
(InResponseTo), and that request is forgotten when it is answered. So there are no logins that nobody asked for, and no list
of assertions that were seen (docs/decisions/0071).
"""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from allauth.socialaccount.providers.saml.utils import build_auth
from allauth.socialaccount.providers.saml.views import ACSView, FinishACSView, LoginView, MetadataView, SLSView
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from config.pages.sso.descriptions import ANSWER_SECONDS, description_of
from config.pages.sso.groups import names_in

LARGEST = 512 * 1024  # bytes of an answer; with thousands of groups it has some hundred thousand
CONFIRMATION = "//saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
AUDIENCE = "//saml:Assertion/saml:Conditions/saml:AudienceRestriction/saml:Audience"
ATTRIBUTES = {  # where providers put what we look for: Entra ID and AD FS, Shibboleth (oid), Keycloak and Okta (by hand)
    "uid": ["urn:oasis:names:tc:SAML:attribute:subject-id"],
    "email": [
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "urn:oid:1.2.840.113549.1.9.1",
        "email",
        "mail",
    ],
    "first_name": [
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "urn:oid:2.5.4.42",
        "givenName",
        "firstName",
    ],
    "last_name": [
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        "urn:oid:2.5.4.4",
        "sn",
        "surname",
        "lastName",
    ],
    "username": ["urn:oid:0.9.2342.19200300.100.1.1", "username"],
}


def app_settings() -> dict[str, Any]:
    """Return what allauth wants to know of the provider and of us."""
    has_key = bool(settings.SSO_SAML_KEY)
    signing = ("authn_request_signed", "logout_request_signed", "logout_response_signed", "metadata_signed")
    ours = {"x509cert": settings.SSO_SAML_CERTIFICATE, "private_key": settings.SSO_SAML_KEY} if has_key else {}
    return {
        "attribute_mapping": ATTRIBUTES,
        "idp": {"metadata_url": settings.SSO_SAML_METADATA_URL, "entity_id": None},
        "sp": {"entity_id": settings.SSO_SAML_ENTITY_ID},
        "advanced": dict.fromkeys(signing, has_key) | ours | {"want_name_id": True, "allow_single_label_domains": True},
    }


def learn_of_provider() -> None:
    """Put the provider's metadata where allauth looks before it asks itself, which may take long and forgets what fails."""
    url = settings.SSO_SAML_METADATA_URL
    found = description_of(url).get(lambda: OneLogin_Saml2_IdPMetadataParser.parse_remote(url, timeout=ANSWER_SECONDS))
    cache.set(f"saml.metadata.{url}.None", found)


def check_binding(auth: OneLogin_Saml2_Auth) -> None:
    """Raise PermissionDenied unless the assertion names our request and us; python3-saml lets it leave out both."""
    document = OneLogin_Saml2_XML.to_etree(auth.get_last_response_xml())
    answered = {node.get("InResponseTo") for node in OneLogin_Saml2_XML.query(document, CONFIRMATION)}
    if answered != {auth.get_last_response_in_response_to()} or None in answered:
        raise PermissionDenied("the assertion does not say which login it answers")
    audiences = {OneLogin_Saml2_XML.element_text(node) for node in OneLogin_Saml2_XML.query(document, AUDIENCE)}
    if auth.get_settings().get_sp_data()["entityId"] not in audiences:
        raise PermissionDenied("the assertion does not say that it is for us")


class Provider(SAMLProvider):  # type: ignore[misc]
    """Our one provider."""

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        asked: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        return asked | {"process": AuthProcess.LOGIN}

    def sociallogin_from_response(self, request: HttpRequest, response: OneLogin_Saml2_Auth) -> SocialLogin:
        """Return who logs in; raise PermissionDenied for an assertion that may be somebody else's."""
        check_binding(response)
        is_lasting = response.get_nameid_format() != Constants.NAMEID_TRANSIENT or "uid" in self._extract(response)
        if not is_lasting:
            raise PermissionDenied("the provider sends a new name for the person each time (a transient NameID)")
        login: SocialLogin = super().sociallogin_from_response(request, response)
        login.account.provider = response.get_settings().get_idp_data()["entityId"]
        login.at_provider = {
            "kind": "saml",
            "name_id": response.get_nameid(),
            "name_id_format": response.get_nameid_format(),
            "nq": response.get_nameid_nq(),
            "spnq": response.get_nameid_spnq(),
            "session_index": response.get_session_index(),
        }
        return login

    def extract_extra_data(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        """Keep the groups; what is kept of the person beside, their account has."""
        told = data.get_attributes() | data.get_friendlyname_attributes()
        return {"groups": names_in(told.get(settings.SSO_GROUPS_CLAIM))}


class Receive(ACSView):  # type: ignore[misc]
    """Takes the provider's POST, which comes without our cookies, and keeps it for the request after it, which has them.

    Only what the provider signed is kept: nobody else fills the table of sessions.
    """

    def dispatch(self, request: HttpRequest, organization_slug: str) -> HttpResponse:
        if request.method != "POST" or len(request.POST.get("SAMLResponse", "")) > LARGEST:
            raise PermissionDenied("no answer of a provider was sent")
        auth = build_auth(request, self.get_provider(organization_slug))
        try:
            auth.process_response()
        except (
            Exception
        ) as error:  # no base64, no XML, no SAML: each has an exception of its own, and strangers send it
            raise PermissionDenied("the answer cannot be read") from error
        if auth.get_errors() or not auth.is_authenticated():
            raise PermissionDenied(auth.get_last_error_reason())
        response: HttpResponse = super().dispatch(request, organization_slug)
        return response


class EndSession(SLSView):  # type: ignore[misc]
    """Takes the provider's signed word that a session is over; unsigned, anybody could end anybody's."""

    def dispatch(self, request: HttpRequest, organization_slug: str) -> HttpResponse:
        if "Signature" not in request.GET and "SAMLResponse" in request.GET:
            return redirect("logged-out")  # the answer to our own logout, which some do not sign: it is done already
        if "Signature" not in request.GET:
            raise PermissionDenied("the provider's logout request is not signed")
        response: HttpResponse = super().dispatch(request, organization_slug)
        if response.status_code >= 400:
            raise PermissionDenied("the provider's logout message was not accepted")
        return response


login, receive, finish = LoginView.as_view(), Receive.as_view(), FinishACSView.as_view()
end_session, metadata = EndSession.as_view(), MetadataView.as_view()


def logout_url(request: HttpRequest, known: dict[str, Any]) -> str | None:
    """Return where the provider ends its own session, and comes back from; None where it does not say."""
    auth = build_auth(request, get_adapter().get_provider(request, "saml"))
    if not auth.get_slo_url():
        return None
    asked = {name: value for name, value in known.items() if name != "kind"}
    back: str = get_account_adapter().get_logout_redirect_url(request)
    url: str = auth.logout(return_to=back, **asked)
    return url
