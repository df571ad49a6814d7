"""Look into an inbox over and over, in a process that does nothing else."""

import threading
from collections.abc import Iterator

from django.conf import settings

from inflight.models import Pickup
from inflight.selectors import active_delivery
from inflight.services.deliveries import deliver
from inflight.services.pickup import Look

PAUSE_SECONDS = 2.0


def watch_inbox(place: str, *, send: bool, stopping: threading.Event) -> Iterator[Pickup]:
    """Import what comes into an inbox, until `stopping`, and yield each pair that is done with.

    `send`: also send what has changed, here and now, without a worker.
    """
    while not stopping.is_set():
        look = Look(place, then_send=send)
        look.run()
        yield from look.ended
        if send and (delivery := active_delivery()):
            deliver(delivery, seconds=settings.SEND_BUDGET_SECONDS, early=False)
        stopping.wait(PAUSE_SECONDS)
