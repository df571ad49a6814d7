"""Status of compute for the landing page."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from compute.models import Job
from config.monitoring.status import Level, State

LONG = timedelta(minutes=1)  # for a job to wait


def state() -> State:
    """Return the status: whether jobs wait, and for how long."""
    oldest = Job.objects.filter(status=Job.Status.QUEUED).order_by("id").first()
    if oldest is None:
        return State(Level.OK, _("Ready for files."))
    if oldest.created_at < timezone.now() - LONG:
        return State(Level.WAITING, _("Jobs are queued."))
    return State(Level.OK, _("Jobs are running."))
