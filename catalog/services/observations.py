"""Store answers of the offers service as offers and history: many products per transaction, in a few statements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from catalog.models import Offer, OfferChange, Product
from catalog.offers_client import OffersAnswer

ROWS_PER_STATEMENT = 1000


@dataclass(frozen=True)
class Observation:
    """All offers of one product at one time."""

    product_id: UUID
    observed_at: datetime
    answer: OffersAnswer


@dataclass
class Counts:
    """What observations changed."""

    new: int = 0
    changed: int = 0
    gone: int = 0


def record_observations(observations: Sequence[Observation]) -> Counts:
    """Bring the products' offers up to date, adding to the history what changed. Products deleted meanwhile are left out."""
    with transaction.atomic():
        products = Product.objects.select_for_update().in_bulk([seen.product_id for seen in observations])
        observations = [seen for seen in observations if seen.product_id in products]
        counts, changes = _changes(observations)
        _save(changes)
        for seen in observations:
            products[seen.product_id].offers_observed_at = seen.observed_at
            products[seen.product_id].offers_error = seen.answer.error
        Product.objects.bulk_update(products.values(), ["offers_observed_at", "offers_error"])
    return counts


Change = tuple[Offer, datetime]


def _changes(observations: Sequence[Observation]) -> tuple[Counts, list[Change]]:
    kept = _kept_offers(observations)
    counts, changes = Counts(), list[Change]()
    for seen in observations:
        known = kept.get(seen.product_id, {})
        appeared = list(_appeared_or_changed(seen, known))
        gone = list(_gone(seen.answer, known))
        for offer in gone:
            offer.gone_at = seen.observed_at
        counts.new += sum(offer.offer_id not in known for offer in appeared)
        counts.changed += sum(offer.offer_id in known for offer in appeared)
        counts.gone += len(gone)
        changes += [(offer, seen.observed_at) for offer in (*appeared, *gone)]
    return counts, changes


def _kept_offers(observations: Sequence[Observation]) -> dict[UUID, dict[str, Offer]]:
    """Return the offers that are current or seen again, by product and id; those gone for good stay where they are."""
    seen_ids = {offer.id for seen in observations for offer in seen.answer.offers}
    kept: dict[UUID, dict[str, Offer]] = {}
    offers = Offer.objects.filter(product__in=[seen.product_id for seen in observations])
    for offer in offers.filter(Q(gone_at=None) | Q(offer_id__in=seen_ids)):
        kept.setdefault(offer.product_id, {})[offer.offer_id] = offer
    return kept


def _appeared_or_changed(seen: Observation, known: Mapping[str, Offer]) -> Iterator[Offer]:
    for told in seen.answer.offers:
        old = known.get(told.id)
        if old is None or old.gone_at or (old.price, old.items_in_stock) != (told.price, told.items_in_stock):
            yield Offer(
                product_id=seen.product_id, offer_id=told.id, price=told.price, items_in_stock=told.items_in_stock
            )


def _gone(answer: OffersAnswer, known: Mapping[str, Offer]) -> Iterator[Offer]:
    """Yield the offers that the answer does not name; none where one that it holds may be any of them."""
    if answer.names_all:
        named = {offer.id for offer in answer.offers} | answer.unclear
        yield from (offer for offer in known.values() if offer.gone_at is None and offer.offer_id not in named)


def _save(changes: Sequence[Change]) -> None:
    offers = Offer.objects.bulk_create(
        [_without_key(offer) for offer, _ in changes],
        batch_size=ROWS_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=["product", "offer_id"],
        update_fields=["price", "items_in_stock", "gone_at"],
    )
    OfferChange.objects.bulk_create(
        [
            OfferChange(
                offer=offer,
                observed_at=observed_at,
                price=None if offer.gone_at else offer.price,
                items_in_stock=None if offer.gone_at else offer.items_in_stock,
            )
            for offer, (_, observed_at) in zip(offers, changes, strict=True)
        ],
        batch_size=ROWS_PER_STATEMENT,
    )


def _without_key(offer: Offer) -> Offer:
    """Let the upsert find the row by product and id, as it does the new ones."""
    offer.pk = None
    return offer
