"""Panel of ingest on the admin's first page."""

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from config.core.admin_columns import capped, grouped, list_address
from config.monitoring.charts import MOST_ROWS, Series, hour_links, hourly_chart, per_hour
from config.monitoring.dashboard import Figure, Next, Panel, Tone, ago, tone_of
from ingest.models import REFUSED, WAITING, DataEntry
from ingest.selectors import oldest_waiting


def outbox() -> Panel:
    """Return what waits for Kafka and for how long, and what Kafka refused."""
    waiting, refused = DataEntry.objects.filter(WAITING), DataEntry.objects.filter(REFUSED)
    oldest = oldest_waiting()
    newest = DataEntry.objects.order_by("-pk").first()
    arrived = per_hour(DataEntry.objects.all(), "created_at")
    post = Next(_("There are no entries yet: POST /api/data."), reverse("docs"), _("How to"))
    return Panel(
        [
            Figure(
                _("waiting"),
                capped(waiting),
                list_address(DataEntry, state="waiting"),
                tone_of(bool(oldest), Tone.WAITING),
            ),
            Figure(_("oldest waiting entry"), ago(oldest) if oldest else _("none")),
            Figure(
                _("refused"),
                capped(refused),
                list_address(DataEntry, state="refused"),
                tone_of(refused.exists(), Tone.BAD),
            ),
            Figure(_("newest entry"), ago(newest.created_at if newest else None), list_address(DataEntry)),
        ],
        hourly_chart(
            gettext("Entries received by hour (newest %(number)s)") % {"number": grouped(MOST_ROWS)},
            [Series(gettext("entries"), "plain", arrived, hour_links(DataEntry, "created_at"))],
        ),
        next=None if newest else post,
    )
