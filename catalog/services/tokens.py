"""Access token of the offers service: requested once, stored in the database, renewed by one process at a time."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import ServiceToken
from catalog.offers_client import OffersClient, OffersError, OffersRefused, OffersUnavailable
from config.core.locks import exclusive

LOCK = "offers-token"
LOCK_SECONDS = 15.0  # longer than one question may take
ASK_AGAIN = timedelta(seconds=60)


def current_token() -> str:
    """Return the kept token, or ask for the first one. Raises OffersError."""
    kept = ServiceToken.objects.filter(base_url=settings.OFFERS_BASE_URL).first()
    return kept.token if kept and kept.token else renew_token("")


def renew_token(rejected: str) -> str:
    """Return another token than the `rejected` one ("" for none yet): another process's, or a new one. Raises OffersError.

    In the documented profile a token is for good: every product is tied to it, so that a person must decide to drop it.
    """
    if rejected and not settings.OFFERS_REFRESH_TOKEN:
        raise OffersRefused(
            _(
                "offers service refuses the token that all products are tied to; to get another and register "
                "them again, delete it in the admin (Service tokens)"
            ),
            status=401,
        )
    with exclusive(LOCK, wait_seconds=LOCK_SECONDS) as taken:
        if not taken:
            raise OffersUnavailable(_("another process is still asking for a token"))
        kept, _created = ServiceToken.objects.get_or_create(base_url=settings.OFFERS_BASE_URL)
        return kept.token if kept.token != rejected else _ask(kept)


def _ask(kept: ServiceToken) -> str:
    """Ask the service, and after a refusal not again for a while: in today's profile a lost token must run out first."""
    if kept.ask_again_at and kept.ask_again_at > timezone.now():
        raise OffersUnavailable(
            _("offers service issued no token; the next request is at %(ask_again_at)s UTC")
            % {"ask_again_at": f"{kept.ask_again_at:%H:%M:%S}"}
        )
    try:
        with OffersClient(settings.OFFERS_BASE_URL) as client:
            kept.token = client.request_token(settings.OFFERS_REFRESH_TOKEN)
    except OffersError as error:
        waits = timedelta(seconds=getattr(error, "retry_after", None) or 0)
        kept.ask_again_at = timezone.now() + max(ASK_AGAIN, waits)
        kept.save(update_fields=["ask_again_at"])
        raise
    kept.obtained_at, kept.ask_again_at = timezone.now(), None
    kept.save()
    return kept.token
