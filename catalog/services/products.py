"""Create, change and delete products. None of it waits for the offers service."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.exceptions import SkuTaken
from catalog.models import Product
from config.access import audit
from config.api.idempotency import link_resource
from config.core.telemetry import tracing
from config.worker.queue import wake

REGISTER_TASK = "catalog.tasks.register_products"


def create_product(*, name: str, description: str, sku: str | None = None, category: str = "") -> Product:
    """Save a product and have a worker register it. Raises SkuTaken."""
    values = {"name": name, "description": description, "sku": sku, "category": category}
    with transaction.atomic(), _free_skus({"sku": sku}):
        product = Product.objects.create(**values, traceparent=tracing.current_traceparent())
        link_resource(str(product.pk))
        wake(REGISTER_TASK)
    return product


def create_products(drafts: Sequence[Mapping[str, Any]]) -> list[Product]:
    """Save products, all or none, and have a worker register them. Raises SkuTaken, by the place in the list."""
    skus = {f"{place}.sku": draft["sku"] for place, draft in enumerate(drafts)}
    with transaction.atomic(), _free_skus(skus):
        traceparent = tracing.current_traceparent()
        products = Product.objects.bulk_create([Product(**draft, traceparent=traceparent) for draft in drafts])
        audit.record_each("create_product", products)
        link_resource([str(product.pk) for product in products])
        wake(REGISTER_TASK)
    return products


def update_product(product_id: UUID, **changes: Any) -> Product:
    """Change fields of a product. One whose registration failed is tried again; no other is registered twice.

    Raises Product.DoesNotExist or SkuTaken.
    """
    with transaction.atomic(), _free_skus({"sku": changes.get("sku")}, but_of=product_id):
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


@contextmanager
def _free_skus(skus: Mapping[str, str | None], *, but_of: UUID | None = None) -> Iterator[None]:
    """Raise SkuTaken where another product has one of the skus, which are by the fields that they were given in."""
    others = Product.objects.exclude(pk=but_of) if but_of else Product.objects.all()
    _check_free(skus, others)
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        _check_free(skus, others)  # whoever was faster has it
        raise


def _check_free(skus: Mapping[str, str | None], others: QuerySet[Product]) -> None:
    wanted = {field: sku for field, sku in skus.items() if sku}
    taken = set(others.filter(sku__in=wanted.values()).values_list("sku", flat=True)) if wanted else set()
    if taken:
        raise SkuTaken({field: sku for field, sku in wanted.items() if sku in taken})


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
