"""The catalogue in the admin."""

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Offer, Product, RefreshRun, ServiceToken
from tests.factories_catalog import ProductFactory, offer_with_history

pytestmark = pytest.mark.django_db

NO_OFFERS = {"offers-TOTAL_FORMS": "0", "offers-INITIAL_FORMS": "0"}


def test_the_product_page_draws_its_prices(admin_client: Client) -> None:
    product = offer_with_history(ProductFactory(), 100, 80, start=timezone.now()).product
    page = admin_client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()
    assert '<figure class="chart-figure' in page
    assert '"name": "Best in stock"' in page
    assert "apron/charts/chart" in page
    assert "vendor/echarts.min" not in page  # it comes when the chart is opened


def test_a_product_made_in_the_admin_waits_for_its_registration(admin_client: Client) -> None:
    admin_client.post("/admin/catalog/product/add/", {"name": "Mower", "description": ""} | NO_OFFERS)
    product = Product.objects.get()
    assert (product.name, product.registration) == ("Mower", "pending")


def test_a_failed_product_mended_in_the_admin_is_tried_again(admin_client: Client) -> None:
    product = ProductFactory(registration="failed")
    path = f"/admin/catalog/product/{product.pk}/change/"
    admin_client.post(path, {"name": "Mended", "description": ""} | NO_OFFERS)
    product.refresh_from_db()
    assert (product.name, product.registration) == ("Mended", "pending")


def test_the_registration_can_be_tried_again(admin_client: Client) -> None:
    failed, registered = ProductFactory(registration="failed"), ProductFactory()
    chosen = [str(failed.pk), str(registered.pk)]
    admin_client.post("/admin/catalog/product/", {"action": "register_again", "_selected_action": chosen})
    assert set(Product.objects.values_list("pk", "registration")) == {
        (failed.pk, "pending"),
        (registered.pk, "registered"),
    }


def test_a_product_is_deleted_with_all_it_has(admin_client: Client) -> None:
    product = offer_with_history(ProductFactory(), 100, 80).product
    admin_client.post(f"/admin/catalog/product/{product.pk}/delete/", {"post": "yes"})
    assert Product.objects.count() == 0


def test_the_token_is_never_shown(admin_client: Client) -> None:
    kept = ServiceToken.objects.create(base_url="http://offers", token="very-secret")
    for path in ("", f"{kept.pk}/change/"):
        page = admin_client.get(f"/admin/catalog/servicetoken/{path}").content.decode()
        assert "http://offers" in page
        assert "very-secret" not in page


def test_runs_are_shown_and_not_edited(admin_client: Client) -> None:
    run = RefreshRun.objects.create(status="stopped", error="gave up")
    page = admin_client.get(f"/admin/catalog/refreshrun/{run.pk}/change/").content.decode()
    assert "gave up" in page
    assert 'name="_save"' not in page


def test_a_runs_failures_lead_to_their_products(admin_client: Client) -> None:
    product = ProductFactory()
    run = RefreshRun.objects.create(
        status="completed", first_failures=[{"product": str(product.pk), "reason": "timed out"}]
    )
    page = admin_client.get(f"/admin/catalog/refreshrun/{run.pk}/change/").content.decode()
    assert f'<a href="/admin/catalog/product/{product.pk}/change/">' in page
    assert "timed out" in page


def test_refreshing_now_asks_first_and_wakes_a_worker(admin_client: Client) -> None:
    path = "/admin/catalog/refreshrun/refresh/"
    assert "also happens automatically every minute" in admin_client.get(path).content.decode()
    assert not OrmQ.objects.exists()
    admin_client.post(path)
    assert [task.func() for task in OrmQ.objects.all()] == ["catalog.tasks.refresh_offers"]


def test_a_failed_product_is_registered_again_from_its_page(admin_client: Client) -> None:
    failed, registered = ProductFactory(registration="failed"), ProductFactory()
    path = f"/admin/catalog/product/{failed.pk}/"
    assert f"{path}register_again/" in admin_client.get(f"{path}change/").content.decode()
    other = admin_client.get(f"/admin/catalog/product/{registered.pk}/change/").content.decode()
    assert "register_again" not in other
    admin_client.post(f"{path}register_again/")
    failed.refresh_from_db()
    assert failed.registration == "pending"


@pytest.mark.parametrize("sought", ["its-offer", "Mow"])
def test_the_changes_of_an_offer_are_found_by_its_id_and_its_products_name(admin_client: Client, sought: str) -> None:
    mine = offer_with_history(ProductFactory(name="Mower"), 100, 80)
    Offer.objects.filter(pk=mine.pk).update(offer_id="its-offer")
    offer_with_history(ProductFactory(name="Saw"), 5)
    found = admin_client.get("/admin/catalog/offerchange/", {"q": sought}).context["cl"].result_list
    assert [change.price for change in found] == [80, 100]


@pytest.mark.parametrize(("prices", "title"), [((100, 80), "80 (5 in stock)"), ((80, None), "no longer offered")])
def test_the_title_of_a_change_says_what_became_of_the_offer(
    admin_client: Client, prices: tuple[int | None, ...], title: str
) -> None:
    offer = offer_with_history(ProductFactory(), *prices, stock=5)
    change = offer.changes.latest("observed_at")
    assert admin_client.get(f"/admin/catalog/offerchange/{change.pk}/change/").context["subtitle"] == title


def test_dropping_the_token_is_possible(admin_client: Client) -> None:
    kept = ServiceToken.objects.create(base_url="http://offers", token="refused")
    admin_client.post(f"/admin/catalog/servicetoken/{kept.pk}/delete/", {"post": "yes"})
    assert not ServiceToken.objects.exists()
