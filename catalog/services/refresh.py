"""Refresh the offers of all registered products: concurrent requests, bulk writes."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.exceptions import RefreshInProgress
from catalog.models import Product, RefreshRun
from catalog.offers_client import OffersAnswer, OffersClient, OffersError
from catalog.selectors import in_pages, registered_products
from catalog.services.fan_out import FanOut
from catalog.services.observations import Observation, record_observations
from catalog.services.products import make_due
from catalog.services.tokens import current_token, renew_token
from config.access import audit
from config.core.locks import exclusive
from config.core.telemetry import tracing
from config.worker.queue import wake

logger = logging.getLogger(__name__)

REFRESH_TASK = "catalog.tasks.refresh_offers"
LOCK = "offers-refresh"
CHUNK = 200  # products per transaction; a chunk is also written when CHUNK_SECONDS have passed
CHUNK_SECONDS = 1.0
FAILURES_KEPT = 20

OnProgress = Callable[[int], None]


def refresh_later() -> None:
    """Have a worker refresh all offers soon."""
    with transaction.atomic():
        audit.record("refresh_offers")
        wake(REFRESH_TASK)


def refresh_offers(
    *, product_ids: Sequence[UUID] | None = None, wait_seconds: float = 0.0, on_progress: OnProgress | None = None
) -> RefreshRun:
    """Ask for the offers of all registered products, or of some, and return the run as it ended.

    `on_progress` hears how many products were asked for since it was last called. Raises RefreshInProgress when another
    refresh does not end within `wait_seconds`.
    """
    with exclusive(LOCK, wait_seconds=wait_seconds) as taken:
        if not taken:
            raise RefreshInProgress(_("A refresh is under way. Try again when it has ended."))
        RefreshRun.objects.filter(status=RefreshRun.Status.RUNNING).update(
            status=RefreshRun.Status.INTERRUPTED, finished_at=timezone.now()
        )
        with transaction.atomic():
            run = RefreshRun.objects.create()
            audit.record("refresh_offers", run)
        products = registered_products()
        try:
            with tracing.span("refresh of offers", run=run.pk):
                chosen = products if product_ids is None else products.filter(pk__in=product_ids)
                _Refresh(run, on_progress).execute(chosen)
        except OffersError as error:
            logger.warning("Refresh %s stopped: %s", run.pk, error)
            _end(run, RefreshRun.Status.STOPPED, str(error))
        except BaseException as error:
            _end(run, RefreshRun.Status.FAILED, f"{type(error).__name__}; the log has the details.")
            raise
        else:
            _end(run, RefreshRun.Status.COMPLETED)
    return run


def _end(run: RefreshRun, status: RefreshRun.Status, error: str = "") -> None:
    run.status, run.error, run.finished_at = status, error, timezone.now()
    run.save()


Told = tuple[datetime, OffersAnswer]


def _ask(client: OffersClient, token: str, product: Product) -> Told:
    answer = client.offers(token, str(product.pk))
    return timezone.now(), answer


@dataclass
class _Refresh:
    """A running refresh: observations that are not written yet."""

    run: RefreshRun
    on_progress: OnProgress | None
    observations: list[Observation] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)
    failed: dict[str, list[UUID]] = field(default_factory=dict)  # by the reason
    asked: int = 0
    written_at: float = field(default_factory=time.monotonic)

    def execute(self, products: QuerySet[Product]) -> None:
        calls = FanOut(
            _ask,
            base_url=settings.OFFERS_BASE_URL,
            threads=settings.REFRESH_CONCURRENCY,
            current_token=current_token,
            renew_token=renew_token,
        )
        try:
            for product, outcome in calls.run(in_pages(products)):
                self._take(product.pk, outcome)
                if self.asked >= CHUNK or time.monotonic() - self.written_at > CHUNK_SECONDS:
                    self._write()
        finally:
            self._write()  # what was told before the service went away counts

    def _take(self, product_id: UUID, outcome: Told | OffersError) -> None:
        self.asked += 1
        if not isinstance(outcome, OffersError):
            observed_at, answer = outcome
            self.observations.append(Observation(product_id, observed_at, answer))
            return
        if outcome.status == 404:
            self.unknown.append(product_id)
        self.failed.setdefault(str(outcome), []).append(product_id)
        self.run.failures += 1
        if len(self.run.first_failures) < FAILURES_KEPT:
            self.run.first_failures.append({"product": str(product_id), "reason": str(outcome)})

    def _write(self) -> None:
        counts = record_observations(self.observations)
        for reason, ids in self.failed.items():
            Product.objects.filter(pk__in=ids).update(offers_error=reason)
        if self.unknown:
            logger.warning("The offers service does not know %d products; registering them again", len(self.unknown))
            make_due(Product.objects.filter(pk__in=self.unknown))
        self.run.products += self.asked
        self.run.offers_new += counts.new
        self.run.offers_changed += counts.changed
        self.run.offers_gone += counts.gone
        self.run.save()
        if self.on_progress:
            self.on_progress(self.asked)
        self.observations, self.unknown, self.failed, self.asked = [], [], {}, 0
        self.written_at = time.monotonic()
