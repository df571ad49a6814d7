"""Delete price history older than HISTORY_RETENTION_DAYS."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from catalog.models import Offer, OfferChange, RefreshRun

ROWS_PER_STATEMENT = 10_000


def drop_old_history() -> None:
    """Drop old changes, but for the one that was in force at the cut; offers gone since before it; old runs."""
    cut = timezone.now() - timedelta(days=settings.HISTORY_RETENTION_DAYS)
    later = OfferChange.objects.filter(
        offer=OuterRef("offer"), observed_at__gt=OuterRef("observed_at"), observed_at__lte=cut
    )
    superseded = OfferChange.objects.filter(Exists(later), observed_at__lt=cut).values_list("pk", flat=True)
    while page := list(superseded[:ROWS_PER_STATEMENT]):
        OfferChange.objects.filter(pk__in=page).delete()
    Offer.objects.filter(gone_at__lt=cut).delete()
    RefreshRun.objects.filter(finished_at__lt=cut).delete()
