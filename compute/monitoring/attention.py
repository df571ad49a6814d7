"""What of the jobs needs a person."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from compute.models import Job
from config.core.admin_columns import capped, list_address
from config.monitoring.attention import Need
from config.monitoring.charts import among_newest
from config.monitoring.dashboard import Tone, a_day_ago


def jobs() -> Iterator[Need]:
    """Yield that jobs failed within a day: their owners are told by their pages."""
    failed = among_newest(Job.objects.filter(status=Job.Status.FAILED)).filter(finished_at__gte=a_day_ago())
    if failed.exists():
        yield Need(
            _("Jobs failed in the last 24 hours: %(number)s.") % {"number": capped(failed)},
            _("See why"),
            list_address(Job, status__exact=Job.Status.FAILED),
            Tone.WAITING,
        )
