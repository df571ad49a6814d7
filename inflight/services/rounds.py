"""One round of a delivery: snapshot what is left to snapshot, and send what is not acknowledged, both at the same time.

This thread alone reads and writes the database; the window's threads talk to the partner (inflight/partner/window.py).
"""

import logging
import time
from datetime import timedelta
from typing import assert_never

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from config.http.client import Answer, TransportError
from config.worker.queue import wake_at
from inflight.models import Delivery, DeliveryAttempt, DeliveryBatch
from inflight.partner.client import partner_client
from inflight.partner.window import Begun, Ended, Settled, Window
from inflight.services.batches import prepare_batch, request_of, split_batch
from inflight.services.turns import an_erasure_waits

logger = logging.getLogger(__name__)

DELIVER_TASK = "inflight.tasks.deliver_due"
PAYLOAD_FAULTS = frozenset({400, 409, 413, 422})  # the partner refuses this batch, not us: the others may go on
TOO_LARGE = 413
EVENT_SECONDS = 1.0
KEPT_BYTES = 500  # of an answer


class Round:
    """Go on with a delivery until all is sent, the partner is away, somebody pauses it or is erased, or it is late.

    `deadline` is of time.monotonic(). `is_blocked`: an import held the customers that were next.
    """

    def __init__(self, delivery: Delivery, deadline: float) -> None:
        self.delivery, self._deadline = delivery, deadline
        self._failure: TransportError | None = None  # which ends the round
        self._is_troubled = False
        self.is_blocked = False

    def run(self) -> None:
        """Do it, and leave the delivery's row as it then is."""
        try:
            with Window(settings.PARTNER_WINDOW, partner_client, settings.CUSTOMERS_API_URL) as window:
                self._send_through(window)
        except TransportError as error:  # no client could be made
            logger.error("Delivery %s: %s", self.delivery.pk, error)  # noqa: TRY400 - its text says it all
            self._failure = error
        self._conclude()

    def _send_through(self, window: Window) -> None:
        try:
            self._send(window)
        except BaseException:
            self._note_what_is_in_flight(window)
            raise

    def _send(self, window: Window) -> None:
        while True:
            must_stop = time.monotonic() >= self._deadline or an_erasure_waits()
            if not must_stop:
                self._fill(window)
            has_prepared = not must_stop and self._prepare()
            if not has_prepared and not window.in_flight:
                return
            self._take_events(window, 0.0 if has_prepared else EVENT_SECONDS)

    def _note_what_is_in_flight(self, window: Window) -> None:
        """Begin no further attempt, and write down how those that are under way end: they may be acknowledged."""
        while window.in_flight:
            event = window.next_event(EVENT_SECONDS)
            if isinstance(event, Begun):
                event.go(ahead=False)
            elif isinstance(event, Ended):
                try:
                    self._note_ended(event)
                except Exception:
                    logger.exception("What came of a request for batch %s is not on record", event.batch)

    def _fill(self, window: Window) -> None:
        """Send the next pending batches; none while the last attempt has failed, which is made again first."""
        free = window.size - len(window.in_flight)
        if not free or self._failure or (self._is_troubled and window.in_flight) or self._is_paused():
            return
        pending = self.delivery.batches.filter(status=DeliveryBatch.Status.PENDING).order_by("number")
        for batch in pending.exclude(pk__in=window.in_flight)[:free]:
            window.post(request_of(batch), min(self._deadline, time.monotonic() + settings.SEND_BUDGET_SECONDS))

    def _is_paused(self) -> bool:
        return Delivery.objects.filter(pk=self.delivery.pk, is_paused=True).exists()

    def _prepare(self) -> bool:
        """Snapshot the next customers; return whether there may be more."""
        if self.delivery.status != Delivery.Status.PREPARING or self.is_blocked:
            return False
        try:
            prepare_batch(self.delivery)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            self.is_blocked = True  # an import is changing these customers; a worker goes on when it has
        return not self.is_blocked

    def _take_events(self, window: Window, seconds: float) -> None:
        event = window.next_event(seconds)
        while event:
            match event:
                case Begun():
                    _begin_attempt(event)
                case Ended():
                    self._note_ended(event)
                case Settled():
                    self._settle(event)
                case _:
                    assert_never(event)
            event = window.next_event(0.0)

    def _note_ended(self, event: Ended) -> None:
        """Write down what came of an attempt; a 2xx acknowledges the batch in the same transaction."""
        error = event.outcome if isinstance(event.outcome, TransportError) else None
        said = _text(event.outcome.body)
        with transaction.atomic():
            DeliveryAttempt.objects.filter(request_id=event.request_id).update(
                seconds=event.seconds,
                http_status=event.outcome.status,
                error=str(error or ""),
                answer=_text(event.outcome.body[:KEPT_BYTES]),
            )
            batch = DeliveryBatch.objects.filter(pk=event.batch)
            if error:
                batch.update(last_error=": ".join(filter(None, [str(error), said])), http_status=error.status)
            else:
                batch.update(
                    status=DeliveryBatch.Status.ACKNOWLEDGED,
                    acknowledged_at=timezone.now(),
                    http_status=event.outcome.status,
                    last_error="",
                )
                self.delivery.failed_rounds = 0
                self.delivery.save(update_fields=["failed_rounds"])
        self._is_troubled = error is not None and not error.permanent

    def _settle(self, event: Settled) -> None:
        """Decide what follows for a batch that was not acknowledged, and for those behind it."""
        error = event.outcome
        if error is None or isinstance(error, Answer):
            return
        if not isinstance(error, TransportError):
            raise error
        batch = DeliveryBatch.objects.select_related("delivery").get(pk=event.batch)
        logger.warning("Batch %d of delivery %s: %s", batch.number, batch.delivery_id, error)
        if error.status == TOO_LARGE and batch.customers > 1:
            split_batch(batch)
            return
        if error.permanent:
            DeliveryBatch.objects.filter(pk=batch.pk).update(status=DeliveryBatch.Status.FAILED)
        if error.status not in PAYLOAD_FAULTS:
            self._failure = _worse(self._failure, error)

    def _conclude(self) -> None:
        """A delivery ends only when all its customers are in batches: a retry makes no further ones."""
        batches = self.delivery.batches
        if self.delivery.status == Delivery.Status.PREPARING:
            if self._failure:
                wait(self.delivery, self._failure.retry_after)
        elif self._failure and self._failure.permanent:
            end(self.delivery, Delivery.Status.FAILED)
        elif self._failure:
            wait(self.delivery, self._failure.retry_after)
        elif not batches.filter(status=DeliveryBatch.Status.PENDING).exists():
            has_failed = batches.filter(status=DeliveryBatch.Status.FAILED).exists()
            end(self.delivery, Delivery.Status.FAILED if has_failed else Delivery.Status.DELIVERED)


def _begin_attempt(event: Begun) -> None:
    """Write an attempt down before it is made, so that one that kills us is on record."""
    is_noted = False
    try:
        with transaction.atomic():
            DeliveryAttempt.objects.create(batch_id=event.batch, request_id=event.request_id)
            DeliveryBatch.objects.filter(pk=event.batch).update(attempts=F("attempts") + 1)
        is_noted = True
    finally:
        event.go(ahead=is_noted)


def _text(body: bytes) -> str:
    return body.decode(errors="replace").replace("\0", "")


def _worse(one: TransportError | None, other: TransportError) -> TransportError:
    """The failure that says more of what to do: one that a person must mend, else the longer wait."""
    return max(filter(None, [one, other]), key=lambda error: (error.permanent, error.retry_after or 0.0))


def wait(delivery: Delivery, retry_after: float | None = None) -> None:
    """Put the whole delivery off: the target is down, and the other batches would only burn their own timeouts.

    At the end of the schedule it fails; one that is still being prepared waits on.
    """
    is_preparing, schedule = delivery.status == Delivery.Status.PREPARING, settings.DELIVERY_SCHEDULE
    if delivery.failed_rounds >= len(schedule) and not is_preparing:
        logger.error("Delivery %s is given up after %d rounds", delivery.pk, delivery.failed_rounds)
        end(delivery, Delivery.Status.FAILED)
        return
    planned = schedule[min(delivery.failed_rounds, len(schedule) - 1)] if schedule else 0.0
    delivery.status = Delivery.Status.PREPARING if is_preparing else Delivery.Status.WAITING
    delivery.failed_rounds += 1
    delivery.next_attempt_at = timezone.now() + timedelta(seconds=max(planned, retry_after or 0.0))
    with transaction.atomic():
        delivery.save(update_fields=["status", "failed_rounds", "next_attempt_at"])
        wake_at(DELIVER_TASK, delivery.next_attempt_at)


def end(delivery: Delivery, status: Delivery.Status) -> None:
    """Say what has become of a delivery."""
    delivery.status, delivery.finished_at, delivery.next_attempt_at = status, timezone.now(), None
    delivery.save(update_fields=["status", "finished_at", "next_attempt_at"])
