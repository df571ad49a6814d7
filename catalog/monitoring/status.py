"""Status of the catalogue for the landing page."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import RefreshRun
from config.monitoring.status import Level, State

OLD = timedelta(minutes=5)  # refreshes come each minute


def state() -> State:
    """Return the status: what became of the last refresh."""
    run = RefreshRun.objects.exclude(status=RefreshRun.Status.RUNNING).order_by("-id").first()
    if run is None:
        return State(Level.OK, _("Ready; no prices have been requested yet."))
    if run.status == RefreshRun.Status.STOPPED:
        return State(Level.WAITING, _("The offers service does not respond; it is tried again every minute."))
    if run.status != RefreshRun.Status.COMPLETED:
        return State(Level.DOWN, _("The last refresh of prices failed."))
    if run.started_at < timezone.now() - OLD:
        return State(Level.WAITING, _("Prices have not been refreshed recently."))
    return State(Level.OK, _("Prices are refreshed every minute."))
