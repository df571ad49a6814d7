"""What of the outbox needs a person."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from config.core.admin_columns import capped, list_address
from config.monitoring.attention import Need
from config.monitoring.dashboard import duration
from ingest.models import REFUSED, DataEntry
from ingest.selectors import oldest_waiting


def entries() -> Iterator[Need]:
    """Yield that Kafka refused entries, and that entries have waited for it for long."""
    refused = DataEntry.objects.filter(REFUSED)
    if refused.exists():
        yield Need(
            _("Kafka refused entries: %(number)s.") % {"number": capped(refused)},
            _("See why and publish again"),
            list_address(DataEntry, state="refused"),
        )
    oldest = oldest_waiting()
    if oldest and timezone.now() - oldest > timedelta(seconds=settings.ALERT_BACKLOG_SECONDS):
        waited = duration((timezone.now() - oldest).total_seconds())
        yield Need(
            _("Entries have waited for Kafka for %(time)s. They are published when it is back.") % {"time": waited},
            _("View the entries"),
            list_address(DataEntry, state="waiting"),
        )
