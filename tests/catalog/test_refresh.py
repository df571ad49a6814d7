"""The refresh: what the service says becomes offers and history; whatever fails stays where it was."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from catalog.exceptions import RefreshInProgress
from catalog.models import Offer, OfferChange, Product, RefreshRun
from catalog.offers_client import OffersAnswer, ServiceOffer
from catalog.services.observations import Observation, record_observations
from catalog.services.refresh import refresh_offers
from tests.catalog.conftest import held_elsewhere, known_product
from tests.factories_catalog import ProductFactory
from tests.fakes.faulty import Fault
from tests.fakes.offers import Offers

pytestmark = pytest.mark.django_db


def current(product: Product) -> dict[str, tuple[int, int]]:
    return {o.offer_id: (o.price, o.items_in_stock) for o in product.offers.filter(gone_at=None)}


def history(product: Product, offer_id: str) -> list[int | None]:
    changes = OfferChange.objects.filter(offer__product=product, offer__offer_id=offer_id).order_by("observed_at")
    return list(changes.values_list("price", flat=True))


def test_new_offers_are_kept_with_their_first_price(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5), ("b", 90, 0))
    run = refresh_offers()
    assert current(product) == {"a": (100, 5), "b": (90, 0)}
    assert history(product, "a") == [100]
    assert (run.status, run.products, run.offers_new) == ("completed", 1, 2)


def test_an_offer_no_longer_returned_is_gone_and_its_history_stays(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5), ("b", 90, 2))
    refresh_offers()
    offers.sell(product.pk, ("b", 90, 2), ("c", 80, 1))
    run = refresh_offers()
    assert current(product) == {"b": (90, 2), "c": (80, 1)}
    assert history(product, "a") == [100, None]
    assert (run.offers_new, run.offers_changed, run.offers_gone) == (1, 0, 1)


def test_an_offer_that_comes_back_is_the_same_offer(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5))
    refresh_offers()
    offers.sell(product.pk)
    refresh_offers()
    offers.sell(product.pk, ("a", 100, 5))
    run = refresh_offers()
    assert (product.offers.count(), run.offers_new, run.offers_changed) == (1, 0, 1)
    assert history(product, "a") == [100, None, 100]


def test_an_offer_stays_gone_without_more_history(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5))
    refresh_offers()
    offers.sell(product.pk)
    refresh_offers()
    run = refresh_offers()
    assert (run.offers_gone, history(product, "a")) == (0, [100, None])


@pytest.mark.parametrize(("price", "stock", "changes"), [(100, 5, 1), (101, 5, 2), (100, 4, 2)])
def test_history_grows_only_when_price_or_stock_changed(offers: Offers, price: int, stock: int, changes: int) -> None:
    product = known_product(offers, ("a", 100, 5))
    refresh_offers()
    offers.sell(product.pk, ("a", price, stock))
    refresh_offers()
    assert len(history(product, "a")) == changes


def test_the_same_offer_id_of_two_products_is_two_offers(offers: Offers) -> None:
    one, other = known_product(offers, ("a", 100, 5)), known_product(offers, ("a", 200, 5))
    refresh_offers()
    assert (current(one), current(other)) == ({"a": (100, 5)}, {"a": (200, 5)})


def test_one_products_failure_does_not_spoil_the_others(offers: Offers) -> None:
    products = [known_product(offers, ("a", 100, 5)) for _ in range(3)]
    refresh_offers()
    for product in products:
        offers.sell(product.pk, ("a", 90, 5))
    offers.fail_product(products[1].pk, Fault(status=500))
    run = refresh_offers()
    assert [current(product)["a"][0] for product in products] == [90, 100, 90]
    assert (run.status, run.failures, run.first_failures[0]["product"]) == ("completed", 1, str(products[1].pk))


def test_a_product_says_why_its_last_refresh_failed_until_one_succeeds(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5))
    offers.fail_product(product.pk, Fault(status=500))
    refresh_offers()
    product.refresh_from_db()
    said = product.offers_error
    refresh_offers()
    product.refresh_from_db()
    assert ("500" in said, product.offers_error) == (True, "")


@pytest.mark.parametrize(
    "fault", [Fault(status=400), Fault(status=429), Fault(drop=True), Fault(status=200, body=b'[{"id": "a"}]')]
)
def test_a_failure_leaves_the_offers_as_they_were(offers: Offers, fault: Fault) -> None:
    product = known_product(offers, ("a", 100, 5))
    refresh_offers()
    observed_at = Product.objects.get().offers_observed_at
    offers.fail_product(product.pk, fault)
    refresh_offers()
    assert current(product) == {"a": (100, 5)}
    assert Product.objects.get().offers_observed_at == observed_at


def test_only_registered_products_are_asked_for(offers: Offers) -> None:
    ProductFactory(registration="pending")
    ProductFactory(registration="failed")
    assert refresh_offers().products == 0
    assert offers.received == []


def test_a_product_that_the_service_does_not_know_is_registered_again(offers: Offers) -> None:
    product = ProductFactory()
    refresh_offers()
    product.refresh_from_db()
    assert product.registration == "pending"


def test_some_products_can_be_asked_for_alone(offers: Offers) -> None:
    wanted, other = known_product(offers, ("a", 1, 1)), known_product(offers, ("b", 2, 2))
    refresh_offers(product_ids=[wanted.pk])
    assert (current(wanted), current(other)) == ({"a": (1, 1)}, {})


def test_many_products_are_asked_for_side_by_side(offers: Offers) -> None:
    for _ in range(12):
        known_product(offers, ("a", 100, 5))
    offers.latency = 0.1
    started = time.monotonic()
    run = refresh_offers()
    assert (run.products, run.failures) == (12, 0)
    assert time.monotonic() - started < 12 * offers.latency  # one by one


def test_more_products_than_fit_a_chunk(offers: Offers) -> None:
    for _ in range(250):
        known_product(offers, ("a", 100, 5))
    run = refresh_offers()
    assert (run.products, run.offers_new, Offer.objects.count()) == (250, 250, 250)


def test_a_service_that_is_down_is_given_up_quickly(offers: Offers) -> None:
    for _ in range(100):
        known_product(offers)
    refresh_offers()
    offers.down = True
    run = refresh_offers()
    assert (run.status, run.products) == ("stopped", 5)
    assert "5 failures in a row" in run.error


def test_what_was_told_before_the_service_went_away_counts(offers: Offers, settings: Any) -> None:
    settings.REFRESH_CONCURRENCY = 1
    products = sorted((known_product(offers, ("a", 100, 5)) for _ in range(10)), key=lambda product: product.pk)
    for product in products[3:]:
        offers.fail_product(product.pk, Fault(drop=True))
    run = refresh_offers()
    assert (run.status, Offer.objects.count(), run.failures) == ("stopped", 3, 5)


def test_a_refresh_is_not_started_twice(offers: Offers) -> None:
    with held_elsewhere("offers-refresh"), pytest.raises(RefreshInProgress):
        refresh_offers()
    assert RefreshRun.objects.count() == 0


def test_a_run_whose_process_died_is_marked(offers: Offers) -> None:
    dead = RefreshRun.objects.create()
    refresh_offers()
    dead.refresh_from_db()
    assert dead.status == "interrupted"


def test_a_kept_token_is_used_without_asking(offers: Offers) -> None:
    known_product(offers)
    refresh_offers()
    assert offers.calls("/auth") == []


def test_a_stale_token_is_renewed_once_and_the_questions_asked_again(todays_offers: Offers) -> None:
    products = [known_product(todays_offers, ("a", 100, 5)) for _ in range(10)]
    refresh_offers()
    for product in products:
        todays_offers.sell(product.pk, ("a", 90, 5))
    todays_offers.expire_token()
    run = refresh_offers()
    assert [current(product)["a"][0] for product in products] == [90] * 10
    assert (run.status, run.failures, len(todays_offers.calls("/auth"))) == ("completed", 0, 1)


def test_a_second_refusal_ends_the_run(todays_offers: Offers) -> None:
    products = [known_product(todays_offers) for _ in range(30)]
    for product in products:
        todays_offers.fail_product(product.pk, *[Fault(status=401)] * 5)
    todays_offers.expire_token()
    run = refresh_offers()
    assert (run.status, len(todays_offers.calls("/auth"))) == ("stopped", 1)
    assert "5 failures in a row" in run.error


def test_one_product_that_is_always_refused_does_not_spoil_the_others(todays_offers: Offers, settings: Any) -> None:
    settings.REFRESH_CONCURRENCY = 1
    products = sorted((known_product(todays_offers, ("a", 1, 1)) for _ in range(5)), key=lambda product: product.pk)
    todays_offers.fail_product(products[4].pk, Fault(status=401), Fault(status=401))
    todays_offers.expire_token()
    run = refresh_offers()
    assert (run.status, run.failures, Offer.objects.count()) == ("completed", 1, 4)


def test_the_documented_token_is_not_replaced_by_a_refresh(offers: Offers) -> None:
    known_product(offers)
    offers.expire_token()
    run = refresh_offers()
    assert (run.failures, offers.calls("/auth")) == (1, [])
    assert "delete it in the admin" in run.first_failures[0]["reason"]


def test_without_a_token_the_run_stops_and_says_why(todays_offers: Offers) -> None:
    ProductFactory()
    todays_offers.know("lost on the way")
    run = refresh_offers()
    assert run.status == "stopped"
    assert "another is valid" in run.error


def test_an_observation_of_a_deleted_product_is_left_out() -> None:
    product = ProductFactory()
    told = [ServiceOffer("a", 100, 5)]
    record_observations([Observation(key, timezone.now(), OffersAnswer(told)) for key in (uuid4(), product.pk)])
    assert Offer.objects.get().product == product


def bad_answer(*rows: object) -> Fault:
    return Fault(status=200, body=json.dumps(rows).encode())


def test_a_bad_offer_spoils_none_beside_it(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5), ("b", 90, 2), ("c", 80, 1))
    refresh_offers()
    bad = {"id": "a", "price": "cheap", "items_in_stock": 5}
    offers.fail_product(product.pk, bad_answer(bad, {"id": "b", "price": 70, "items_in_stock": 2}))
    run = refresh_offers()

    product.refresh_from_db()
    assert product.offers_error == "1 of 2 offers could not be used: 'a' (price)"
    assert current(product) == {"a": (100, 5), "b": (70, 2)}  # a is still there, c is not
    assert (history(product, "a"), history(product, "b"), history(product, "c")) == ([100], [90, 70], [80, None])
    assert (run.status, run.failures, run.offers_changed, run.offers_gone) == ("completed", 0, 1, 1)

    refresh_offers()
    product.refresh_from_db()
    assert product.offers_error == ""


def test_where_an_offer_has_no_id_none_is_taken_for_gone(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5), ("b", 90, 2))
    refresh_offers()
    nameless = {"price": 1, "items_in_stock": 1}
    offers.fail_product(product.pk, bad_answer(nameless, {"id": "b", "price": 70, "items_in_stock": 2}))
    run = refresh_offers()
    assert current(product) == {"a": (100, 5), "b": (70, 2)}
    assert run.offers_gone == 0


def test_an_answer_without_any_usable_offer_is_a_failure_and_nothing_is_gone(offers: Offers) -> None:
    product = known_product(offers, ("a", 100, 5))
    refresh_offers()
    offers.fail_product(product.pk, bad_answer({"id": "a", "price": "cheap", "items_in_stock": 5}))
    run = refresh_offers()
    product.refresh_from_db()
    assert "1 of 1 offers could not be used: 'a' (price)" in product.offers_error
    assert (run.failures, current(product)) == (1, {"a": (100, 5)})
