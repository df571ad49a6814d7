"""Status of the registry for the landing page."""

from django.utils.translation import gettext as _

from config.monitoring.status import Level, State
from metadata_registry.models import Metadata


def state() -> State:
    """Return the status: whether there is anything to read."""
    is_empty = not Metadata.objects.filter(deleted_at=None).exists()
    return State(Level.OK, _("Ready; there are no records yet.") if is_empty else _("Records are available."))
