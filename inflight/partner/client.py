"""HTTP client of the partner's API, with the credentials that the settings name. Imports no models."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext_noop

from config.http.auth import ApiKey, Basic, Bearer, Credential, WebhookSignature
from config.http.client import Client, TransportError
from config.http.connection import ConnectionOptions
from config.http.oauth2 import ClientCredentials, OAuth2
from config.http.settings_checks import credential_errors

ROLE = "partner API"
FAILED, ANSWERED = gettext_noop("partner API: %(why)s"), gettext_noop("partner API answered %(status)s")


def partner_client() -> Client:
    """Return a new connection to the partner; each thread needs one of its own. Raise TransportError for unusable settings.

    A web process does not check them when it starts.
    """
    for _, fault, mend in credential_errors():
        raise TransportError(f"{ROLE}: {fault} {mend}", permanent=True)
    connection = ConnectionOptions.of("PARTNER")
    return Client(role=ROLE, accepts=settings.PARTNER_ACCEPTS, auth=_credentials(connection), connection=connection)


def _credentials(connection: ConnectionOptions) -> Iterator[Credential]:
    match settings.PARTNER_AUTH:
        case "bearer":
            yield Bearer(settings.PARTNER_TOKEN)
        case "api_key":
            yield ApiKey(settings.PARTNER_API_KEY_HEADER, settings.PARTNER_TOKEN)
        case "basic":
            yield Basic(settings.PARTNER_USERNAME, settings.PARTNER_PASSWORD)
        case "oauth2":
            yield OAuth2(_client_credentials(), role=f"{ROLE}'s token endpoint", connection=connection)
    if settings.PARTNER_WEBHOOK_SECRETS:
        yield WebhookSignature(settings.PARTNER_WEBHOOK_SECRETS)


def _client_credentials() -> ClientCredentials:
    return ClientCredentials(
        token_url=settings.PARTNER_TOKEN_URL,
        client_id=settings.PARTNER_CLIENT_ID,
        client_secret=settings.PARTNER_CLIENT_SECRET,
        scope=settings.PARTNER_SCOPE,
    )
