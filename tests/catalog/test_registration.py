"""Registration: every product is registered in the end, once, or says why not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from catalog.services.products import register_again, update_product
from catalog.services.registration import register_due_products
from catalog.tasks import register_products
from tests.catalog.conftest import held_elsewhere
from tests.factories_catalog import ProductFactory
from tests.fakes.faulty import Fault
from tests.fakes.offers import Offers

pytestmark = pytest.mark.django_db

PENDING, REGISTERED, FAILED = Product.Registration.values


def make_due() -> None:
    Product.objects.update(next_registration_at=timezone.now() - timedelta(seconds=1))


def test_what_is_pending_is_registered(offers: Offers) -> None:
    products = ProductFactory.create_batch(20, registration=PENDING)
    assert sorted(register_due_products()) == sorted(product.pk for product in products)
    assert len(offers.calls("/register")) == 20
    assert Product.objects.filter(registration=REGISTERED).count() == 20


def test_what_is_registered_is_not_registered_again(offers: Offers) -> None:
    product = ProductFactory(registration=PENDING)
    register_due_products()
    update_product(product.pk, name="Another name")
    register_due_products()
    assert len(offers.calls("/register")) == 1


def test_known_already_is_registered(todays_offers: Offers) -> None:
    product = ProductFactory(registration=PENDING)
    register_due_products()
    register_again(Product.objects.all())
    register_due_products()
    product.refresh_from_db()
    assert (product.registration, len(todays_offers.calls("/register"))) == (REGISTERED, 2)


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_product_says_why(offers: Offers, status: int) -> None:
    product = ProductFactory(registration=PENDING)
    offers.know("token")
    offers.fail_next(Fault(), Fault(status=status, body=b'{"msg": "the name is rude"}'))
    register_due_products()
    product.refresh_from_db()
    assert product.registration == FAILED
    assert "the name is rude" in product.registration_error


def test_a_refused_product_is_not_tried_by_itself(offers: Offers) -> None:
    ProductFactory(registration=FAILED)
    make_due()
    assert register_due_products() == []
    assert offers.received == []


def test_one_refused_product_does_not_hold_up_the_others(offers: Offers) -> None:
    refused, other = ProductFactory(registration=PENDING, name="x" * 101), ProductFactory(registration=PENDING)
    assert register_due_products() == [other.pk]
    refused.refresh_from_db()
    assert refused.registration == FAILED


def test_mending_a_refused_product_tries_again(offers: Offers) -> None:
    product = ProductFactory(registration=PENDING, name="x" * 101)
    register_due_products()
    mended = update_product(product.pk, name="Short")
    assert (mended.registration, mended.registration_error) == (PENDING, "")
    assert register_due_products() == [product.pk]


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(status=404), Fault(drop=True)])
def test_any_other_failure_is_tried_again_later(offers: Offers, fault: Fault) -> None:
    product = ProductFactory(registration=PENDING)
    offers.fail_next(Fault(), fault)
    register_due_products()
    product.refresh_from_db()
    assert (product.registration, product.registration_attempts) == (PENDING, 1)
    assert product.registration_error
    assert product.next_registration_at > timezone.now() + timedelta(seconds=20)
    make_due()
    assert register_due_products() == [product.pk]


@pytest.mark.parametrize("profile", ["offers", "todays_offers"])
def test_a_dropped_acknowledgement_ends_as_registered(request: pytest.FixtureRequest, profile: str) -> None:
    ProductFactory(registration=PENDING)
    request.getfixturevalue(profile).fail_next(Fault(), Fault(drop=True))
    assert register_due_products() == []
    make_due()
    assert len(register_due_products()) == 1


def test_waits_grow_to_ten_minutes(offers: Offers) -> None:
    product = ProductFactory(registration=PENDING, registration_attempts=50)
    offers.fail_next(Fault(), Fault(status=500))
    register_due_products()
    product.refresh_from_db()
    wait = (product.next_registration_at - timezone.now()).total_seconds()
    assert 590 < wait <= 600


def test_when_the_service_is_down_few_products_are_tried(offers: Offers) -> None:
    offers.know("token")
    products = ProductFactory.create_batch(100, registration=PENDING)
    register_due_products()  # the token
    Product.objects.filter(pk__in=[product.pk for product in products]).update(registration=PENDING)
    offers.down = True
    register_due_products()
    assert Product.objects.filter(registration_attempts=1).count() == 5


def test_only_one_process_registers(offers: Offers) -> None:
    ProductFactory(registration=PENDING)
    with held_elsewhere("offers-registration"):
        assert register_due_products() == []
    assert offers.received == []


def test_the_first_offers_come_with_the_registration(offers: Offers) -> None:
    product = ProductFactory(registration=PENDING)
    offers.sell(product.pk, ("a", 100, 5))
    register_products()
    assert product.offers.get().price == 100


def test_a_product_deleted_meanwhile_is_no_trouble(offers: Offers) -> None:
    product = ProductFactory(registration=PENDING)
    Product.objects.filter(pk=product.pk).delete()
    register_products()
    assert Product.objects.count() == 0
