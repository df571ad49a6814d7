"""Register pending products with the offers service, and retry until they are registered or refused."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Product
from catalog.offers_client import OffersClient, OffersError, OffersRefused
from catalog.selectors import due_products, in_pages
from catalog.services.fan_out import FanOut
from catalog.services.tokens import current_token, renew_token
from config.core.locks import exclusive
from config.core.telemetry import tracing

logger = logging.getLogger(__name__)

LOCK = "offers-registration"
PRODUCT_FAULTS = frozenset({400, 422})  # the service refuses this product, not us
FIRST_WAIT, LONGEST_WAIT = 30.0, 600.0  # seconds


def register_due_products() -> list[UUID]:
    """Register the products that are due and return those that now are; nothing if another process is at it."""
    registered: list[UUID] = []
    with exclusive(LOCK) as taken:
        try:
            while taken and due_products().exists():  # again for those that came in meanwhile
                registered.extend(_register(due_products()))
        except OffersError as error:
            logger.warning("Registration stopped: %s", error)
    return registered


def _register(products: QuerySet[Product]) -> Iterator[UUID]:
    calls = FanOut(
        _ask,
        base_url=settings.OFFERS_BASE_URL,
        threads=settings.REFRESH_CONCURRENCY,
        current_token=current_token,
        renew_token=renew_token,
    )
    for product, outcome in calls.run(in_pages(products)):
        if isinstance(outcome, OffersError):
            _keep_failure(product, outcome)
        elif _pending(product).update(registration=Product.Registration.REGISTERED, registration_error=""):
            yield product.pk


def _ask(client: OffersClient, token: str, product: Product) -> None:
    """Register a product, once: a 400 may mean that an earlier attempt got there and only its answer was lost."""
    with tracing.span("registration", traceparent=product.traceparent, product=str(product.pk)):
        try:
            client.register(token, product_id=str(product.pk), name=product.name, description=product.description)
        except OffersRefused as refusal:
            if refusal.status != 400 or not _is_known(client, token, product):
                raise


def _is_known(client: OffersClient, token: str, product: Product) -> bool:
    try:
        client.offers(token, str(product.pk))
    except OffersRefused:
        return False
    return True


def _keep_failure(product: Product, error: OffersError) -> None:
    """A product that the service refuses needs a person; any other failure is tried again after a growing wait."""
    attempts = product.registration_attempts + 1
    wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 10), LONGEST_WAIT)
    _pending(product).update(
        registration=Product.Registration.FAILED if error.status in PRODUCT_FAULTS else Product.Registration.PENDING,
        registration_error=str(error),
        registration_attempts=attempts,
        next_registration_at=timezone.now() + timedelta(seconds=max(wait, getattr(error, "retry_after", None) or 0.0)),
    )


def _pending(product: Product) -> QuerySet[Product]:
    """The product's row, if it is still there to be registered."""
    return Product.objects.filter(pk=product.pk, registration=Product.Registration.PENDING)
