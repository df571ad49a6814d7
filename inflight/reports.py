"""What inflight tells Prometheus and the landing page, read from the rows: every process says the same."""

from collections.abc import Iterator

from prometheus_client import Metric

from config.common.metrics import rows_by
from config.common.status import Level, State
from inflight.models import Delivery, DeliveryBatch, ImportRun


def collect() -> Iterator[Metric]:
    """Metrics: imports, deliveries and batches by status."""
    yield rows_by(ImportRun, "status", "apron_imports", "Imports by status")
    yield rows_by(Delivery, "status", "apron_deliveries", "Deliveries by status")
    yield rows_by(DeliveryBatch, "status", "apron_delivery_batches", "Batches of deliveries by status")


_STATES = {
    Delivery.Status.PREPARING: State(Level.OK, "A delivery is on its way to the partner."),
    Delivery.Status.SENDING: State(Level.OK, "A delivery is on its way to the partner."),
    Delivery.Status.WAITING: State(Level.WAITING, "The partner is away; the delivery goes on by itself."),
    Delivery.Status.DELIVERED: State(Level.OK, "The last delivery has arrived."),
    Delivery.Status.FAILED: State(Level.DOWN, "The last delivery needs a person."),
}


def state() -> State:
    """State: what became of the last delivery."""
    status = Delivery.objects.order_by("-id").values_list("status", flat=True).first()
    return _STATES[Delivery.Status(status)] if status else State(Level.OK, "Ready; nothing has been sent yet.")
