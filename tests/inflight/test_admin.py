"""The operator's pages: everything is there, nothing is editable, actions need the permission."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django_q.models import Schedule

from inflight.models import Customer, Delivery
from inflight.services.deliveries import deliver, start_delivery
from tests.factories import PurchaseFactory
from tests.fakes.faulty import Fault
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMERS, PURCHASE_HEADER, Import

pytestmark = pytest.mark.django_db

MODELS = ("customer", "purchase", "importrun", "importreject", "delivery")


@pytest.fixture
def login() -> Callable[..., Client]:
    def login(*codenames: str) -> Client:
        user = User.objects.create_user("operator", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(user)
        return client

    return login


@pytest.fixture
def viewer(login: Callable[..., Client]) -> Client:
    return login(*[f"view_{model}" for model in MODELS])


@pytest.mark.parametrize("model", MODELS)
def test_every_list_can_be_looked_at_searched_and_not_added_to(
    viewer: Client, do_import: Import, partner: Partner, model: str
) -> None:
    do_import(CUSTOMERS, [PURCHASE_HEADER, "1/1;1;P;1;1;EUR;2024-01-01", "1/2;9;P;1;1;EUR;2024-01-01"])
    deliver(start_delivery()[0], seconds=1)
    page = viewer.get(f"/admin/inflight/{model}/?q=1")
    assert page.status_code == 200
    assert viewer.get(f"/admin/inflight/{model}/add/").status_code == 403
    detail = page.context["cl"].result_list[0].pk if page.context["cl"].result_list else None
    if detail:
        assert viewer.get(f"/admin/inflight/{model}/{detail}/change/", follow=True).status_code == 200
        assert viewer.post(f"/admin/inflight/{model}/{detail}/delete/", {"post": "yes"}).status_code == 403


def test_a_customers_page_shows_their_purchases(viewer: Client) -> None:
    purchase = PurchaseFactory()
    page = viewer.get(f"/admin/inflight/customer/{purchase.customer_id}/change/")
    assert purchase.purchase_identifier in page.content.decode()


def test_an_imports_rejects_are_one_link_away(viewer: Client, do_import: Import) -> None:
    run = do_import(CUSTOMERS, [PURCHASE_HEADER, "1/2;9;P;1;1;EUR;2024-01-01"])
    link = f"/admin/inflight/importreject/?run__id__exact={run.pk}"
    assert link in viewer.get("/admin/inflight/importrun/").content.decode()
    assert "neither in the customers file" in viewer.get(link).content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_queries_of_a_list_does_not_grow_with_its_rows(
    viewer: Client, django_assert_max_num_queries: Any, model: str
) -> None:
    PurchaseFactory.create_batch(30)
    with django_assert_max_num_queries(10):
        viewer.get(f"/admin/inflight/{model}/")


def test_send_now_starts_a_delivery_for_a_worker(login: Callable[..., Client]) -> None:
    client = login("view_delivery", "change_delivery")
    assert "Send now" in client.get("/admin/inflight/delivery/").content.decode()
    client.post("/admin/inflight/delivery/send-now/")
    delivery = Delivery.objects.get()
    assert (delivery.requested_by, delivery.only, delivery.status) == ("operator", "changed", "preparing")
    assert Schedule.objects.filter(schedule_type=Schedule.ONCE).exists()


def test_send_now_is_not_for_a_viewer(viewer: Client) -> None:
    assert "Send now" not in viewer.get("/admin/inflight/delivery/").content.decode()
    viewer.post("/admin/inflight/delivery/send-now/")
    assert not Delivery.objects.exists()


def test_retry_makes_a_failed_delivery_due(login: Callable[..., Client], partner: Partner) -> None:
    PurchaseFactory()
    partner.fail_next(Fault(status=422))
    failed = deliver(start_delivery()[0], seconds=1)
    client = login("view_delivery", "change_delivery")
    client.post("/admin/inflight/delivery/", {"action": "retry", "_selected_action": [failed.pk]})
    failed.refresh_from_db()
    assert failed.status == "sending"


def test_retry_is_not_for_a_viewer(viewer: Client) -> None:
    failed = Delivery.objects.create(status=Delivery.Status.FAILED)
    viewer.post("/admin/inflight/delivery/", {"action": "retry", "_selected_action": [failed.pk]})
    failed.refresh_from_db()
    assert failed.status == "failed"


def test_customers_are_not_edited_by_a_post(viewer: Client) -> None:
    purchase = PurchaseFactory()
    viewer.post(f"/admin/inflight/customer/{purchase.customer_id}/change/", {"last_name": "Edited"})
    assert not Customer.objects.filter(last_name="Edited").exists()
