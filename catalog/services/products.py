"""Create, change and delete products. None of it waits for the offers service."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Product
from config.access import audit
from config.api.idempotency import link_resource
from config.core.telemetry import tracing
from config.worker.queue import wake

REGISTER_TASK = "catalog.tasks.register_products"


def create_product(*, name: str, description: str) -> Product:
    """Save a product and have a worker register it."""
    with transaction.atomic():
        product = Product.objects.create(name=name, description=description, traceparent=tracing.current_traceparent())
        link_resource(str(product.pk))
        wake(REGISTER_TASK)
    return product


def update_product(product_id: UUID, **changes: Any) -> Product:
    """Change a product's name or description. One whose registration failed is tried again; no other is registered twice.

    Raises Product.DoesNotExist.
    """
    with transaction.atomic():
        product = Product.objects.select_for_update().get(pk=product_id)
        for name, value in changes.items():
            setattr(product, name, value)
        product.save(update_fields=[*changes, "updated_at"])
        if product.registration == Product.Registration.FAILED:
            make_due(Product.objects.filter(pk=product.pk))
            product.refresh_from_db()
    return product


def delete_product(product_id: UUID) -> None:
    """Delete a product with its offers and their history. Raises Product.DoesNotExist."""
    with transaction.atomic():
        # Locked first: a refresh must not add an offer between the deletion of the offers and that of the product.
        Product.objects.select_for_update().get(pk=product_id).delete()


@transaction.atomic
def register_again(products: QuerySet[Product]) -> int:
    """Have a worker register these products, whatever came of it before; return how many."""
    chosen = list(products.select_for_update().only("pk").order_by("pk"))
    make_due(Product.objects.filter(pk__in=[product.pk for product in chosen]))
    audit.record_each("register_again", chosen)
    return len(chosen)


@transaction.atomic
def make_due(products: QuerySet[Product]) -> None:
    """Have a worker register these products, because of something that was found out about them."""
    products.update(
        registration=Product.Registration.PENDING,
        registration_error="",
        registration_attempts=0,
        next_registration_at=timezone.now(),
        traceparent=tracing.current_traceparent(),
    )
    wake(REGISTER_TASK)
