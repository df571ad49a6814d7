"""Drop published entries that are older than INGEST_RETENTION_DAYS, in small steps that no writer waits for."""

import time
from datetime import timedelta

from django.conf import settings
from django.db.models import Max, Min
from django.utils import timezone

from ingest.models import DataEntry
from ingest.selectors import BEFORE_ALL

STEP = 2000  # rows that a transaction deletes


def drop_old_entries(*, seconds: float) -> int:
    """Drop what Kafka acknowledged INGEST_RETENTION_DAYS ago, for about `seconds`; return how many entries.

    It goes by the ids, which are in the order of the times or nearly so, and rests after each step as long as that took. The
    newest entry stays, whatever its age: its id tells how many there have been.
    """
    if not settings.INGEST_RETENTION_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.INGEST_RETENTION_DAYS)
    newest = DataEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or BEFORE_ALL
    published = DataEntry.objects.filter(pk__lt=newest, published_at__isnull=False).order_by("pk")
    deadline, after, dropped = time.monotonic() + seconds, BEFORE_ALL, 0
    while time.monotonic() < deadline:
        started = time.monotonic()
        rest = published.filter(pk__gt=after)
        page = rest[:STEP].aggregate(last=Max("pk"), oldest=Min("created_at"))
        if page["last"] is None or page["oldest"] >= before:
            break
        dropped += rest.order_by().filter(pk__lte=page["last"], published_at__lt=before).delete()[0]
        after = page["last"]
        time.sleep(min(time.monotonic() - started, 1.0))
    return dropped
