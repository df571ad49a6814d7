"""Status of inflight for the landing page."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.monitoring.status import Level, State
from inflight.models import Delivery

_STATES = {
    Delivery.Status.PREPARING: State(Level.OK, gettext_lazy("A delivery to the partner is under way.")),
    Delivery.Status.SENDING: State(Level.OK, gettext_lazy("A delivery to the partner is under way.")),
    Delivery.Status.WAITING: State(
        Level.WAITING, gettext_lazy("The partner does not respond; the delivery is retried automatically.")
    ),
    Delivery.Status.DELIVERED: State(Level.OK, gettext_lazy("The last delivery is complete.")),
    Delivery.Status.FAILED: State(Level.DOWN, gettext_lazy("The last delivery needs a person.")),
}


def state() -> State:
    """Return the status: what became of the last delivery."""
    status = Delivery.objects.order_by("-id").values_list("status", flat=True).first()
    return _STATES[Delivery.Status(status)] if status else State(Level.OK, _("Ready; nothing has been sent yet."))
