"""Panel of compute on the admin's first page."""

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from compute.models import Job
from config.core.admin_columns import capped, list_address
from config.monitoring.charts import Series, among_newest, hour_links, hourly_chart, per_hour
from config.monitoring.dashboard import Figure, Next, Panel, Tone, a_day_ago, tone_of


def jobs() -> Panel:
    """Return what waits, what runs and what failed."""
    queued, running = (Job.objects.filter(status=status) for status in (Job.Status.QUEUED, Job.Status.RUNNING))
    failed = among_newest(Job.objects.filter(status=Job.Status.FAILED)).filter(finished_at__gte=a_day_ago())
    done = among_newest(Job.objects.filter(status=Job.Status.DONE)).filter(finished_at__gte=a_day_ago())
    ask = Next(_("There are no jobs yet: POST /api/compute/stats."), reverse("docs"), _("How to"))
    return Panel(
        [
            Figure(
                _("queued"),
                capped(queued),
                list_address(Job, status__exact="queued"),
                tone_of(queued.exists(), Tone.WAITING),
            ),
            Figure(_("running"), capped(running), list_address(Job, status__exact="running")),
            Figure(
                _("failed in 24 h"),
                capped(failed),
                list_address(Job, status__exact="failed"),
                tone_of(failed.exists(), Tone.BAD),
            ),
            Figure(_("done in 24 h"), capped(done), list_address(Job, status__exact="done")),
        ],
        hourly_chart(
            gettext("Finished jobs by hour"),
            [_ended(gettext("done"), "good", Job.Status.DONE), _ended(gettext("failed"), "bad", Job.Status.FAILED)],
        ),
        next=None if Job.objects.exists() else ask,
    )


def _ended(label: str, tone: str, status: Job.Status) -> Series:
    numbers = per_hour(Job.objects.filter(status=status), "finished_at")
    return Series(label, tone, numbers, hour_links(Job, "finished_at", status__exact=status.value))
