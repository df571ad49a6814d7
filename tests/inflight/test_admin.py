"""The operator's pages: imports, sending, retrying. Who may open which page: tests/config/admin/test_permissions.py."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_q.models import Schedule

from config.admin.base import MOST_SHOWN
from config.models import AuditEntry
from inflight.models import Customer, Delivery, DeliveryBatch
from inflight.services.deliveries import deliver, start_delivery
from tests.factories import CustomerFactory, PurchaseFactory
from tests.fakes.faulty import Fault
from tests.fakes.partner import Partner

pytestmark = pytest.mark.django_db

LIST = "/admin/inflight/delivery/"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.fixture
def failed(partner: Partner) -> Delivery:
    PurchaseFactory()
    partner.fail_next(Fault(status=422))
    return deliver(start_delivery()[0], seconds=1)


def text_of(client: Client, path: str) -> str:
    return client.get(path, follow=True).content.decode()


def test_a_customers_page_shows_the_first_purchases_and_leads_to_all(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    customer = CustomerFactory()
    PurchaseFactory.create_batch(MOST_SHOWN + 1, customer=customer)
    with django_assert_max_num_queries(10):
        page = operator.get(f"/admin/inflight/customer/{customer.pk}/change/")
    assert len(page.context["inline_admin_formsets"][0].formset.forms) == MOST_SHOWN
    everything = f"/admin/inflight/purchase/?customer__exact={customer.pk}"
    assert everything in page.content.decode()
    assert operator.get(everything).context["cl"].result_count == MOST_SHOWN + 1


@pytest.mark.parametrize(("sought", "found"), [("000", 2), ("Gala", 1), ("nobody", 0), ("marie@", 1)])
def test_customers_are_found_by_the_start_of_what_they_are_known_by(operator: Client, sought: str, found: int) -> None:
    CustomerFactory(customer_id="0001", last_name="Galante", email="marie@fr.fr")
    CustomerFactory(customer_id="0002", last_name="Norris", email="chuck@norris.com")
    assert operator.get("/admin/inflight/customer/", {"q": sought}).context["cl"].result_count == found


def test_purchases_are_filtered_by_the_currencies_that_have_a_name(operator: Client) -> None:
    PurchaseFactory(currency="USD")
    PurchaseFactory(currency="EUR")
    page = operator.get("/admin/inflight/purchase/", {"currency": "USD"})
    assert [row.currency for row in page.context["cl"].result_list] == ["USD"]


@pytest.mark.parametrize(("only", "customers"), [("changed", 1), ("all", 2)])
def test_sending_says_what_it_sends_and_starts_a_delivery_for_a_worker(
    operator: Client, only: str, customers: int
) -> None:
    CustomerFactory(needs_sending=True)
    CustomerFactory(needs_sending=False)
    asked = text_of(operator, f"{LIST}send/")
    assert "cannot be recalled" in asked
    assert ("last sent: 1" in asked, "All: 2" in asked) == (True, True)
    assert not Delivery.objects.exists()

    operator.post(f"{LIST}send/", {"only": only})

    delivery = Delivery.objects.get()
    assert (delivery.requested_by, delivery.only, delivery.status) == ("operator", only, "preparing")
    assert Schedule.objects.filter(schedule_type=Schedule.ONCE).exists()
    assert sum(batch.customers for batch in deliver(delivery, seconds=1).batches.all()) == customers


def test_while_a_delivery_is_under_way_no_other_is_started(operator: Client) -> None:
    under_way, _ = start_delivery()
    assert f"delivery {under_way.pk} (preparing) is under way" in text_of(operator, f"{LIST}send/")
    answer = operator.post(f"{LIST}send/", {"only": "all"}, follow=True)
    assert "Already under way" in answer.content.decode()
    assert Delivery.objects.get() == under_way


@pytest.mark.parametrize("choice", ["", "some"])
def test_sending_wants_a_choice(operator: Client, choice: str) -> None:
    assert operator.post(f"{LIST}send/", {"only": choice}).status_code == 200
    assert not Delivery.objects.exists()


def test_a_failed_delivery_is_retried_from_the_list(operator: Client, failed: Delivery) -> None:
    operator.post(LIST, {"action": "retry", "_selected_action": [failed.pk]})
    failed.refresh_from_db()
    assert failed.status == "sending"


def test_a_failed_delivery_is_retried_from_its_page_which_asks_first(
    operator: Client, failed: Delivery, partner: Partner
) -> None:
    page = f"{LIST}{failed.pk}/change/"
    assert f"{LIST}{failed.pk}/retry/" in text_of(operator, page)
    assert "A worker sends all batches again" in text_of(operator, f"{LIST}{failed.pk}/retry/")
    failed.refresh_from_db()
    assert failed.status == "failed"

    answer = operator.post(f"{LIST}{failed.pk}/retry/")

    assert answer.headers["Location"] == page
    assert f"Retrying: delivery {failed.pk} (sending)" in text_of(operator, page)
    assert "retry delivery" in text_of(operator, f"{LIST}{failed.pk}/history/")
    failed.refresh_from_db()
    assert deliver(failed, seconds=1).status == "delivered"
    assert f"{LIST}{failed.pk}/retry/" not in text_of(operator, page)


def test_a_retry_that_cannot_be_says_why(operator: Client, failed: Delivery) -> None:
    start_delivery()
    answer = operator.post(f"{LIST}{failed.pk}/retry/", follow=True)
    assert "Another delivery is under way" in answer.content.decode()
    failed.refresh_from_db()
    assert failed.status == "failed"


def test_a_batch_is_found_by_its_key_and_its_bytes_are_not_shown(operator: Client, failed: Delivery) -> None:
    batch = failed.batches.get()
    found = operator.get("/admin/inflight/deliverybatch/", {"q": str(batch.idempotency_key)}).context["cl"].result_list
    assert [row.pk for row in found] == [batch.pk]
    assert "payload" not in text_of(operator, f"/admin/inflight/deliverybatch/{batch.pk}/change/").lower()


def test_what_was_sent_is_read_with_a_permission_of_its_own_and_the_reading_is_recorded(
    operator: Client, failed: Delivery, partner: Partner
) -> None:
    batch = failed.batches.get()
    page = f"/admin/inflight/deliverybatch/{batch.pk}/"
    assert "is recorded" in text_of(operator, f"{page}read_body/")
    assert not AuditEntry.objects.filter(object_type="inflight.deliverybatch").exists(), "asking is not reading"
    answer = operator.post(f"{page}read_body/")
    assert answer.content == partner.received[0].body
    assert "no-store" in answer["Cache-Control"]
    (entry,) = AuditEntry.objects.filter(object_type="inflight.deliverybatch")
    assert (entry.object_key, entry.act) == (str(batch.pk), "read_body")
    assert "read body" in text_of(operator, f"{page}history/")


def test_a_body_that_is_not_kept_is_not_offered(operator: Client, partner: Partner) -> None:
    CustomerFactory()
    batch = deliver(start_delivery()[0], seconds=1).batches.get()
    page = f"/admin/inflight/deliverybatch/{batch.pk}/"
    assert f"{page}read_body/" in text_of(operator, f"{page}change/")
    DeliveryBatch.objects.update(payload=None, customer_ids=None)
    assert f"{page}read_body/" not in text_of(operator, f"{page}change/")
    assert "whose body is still stored" in operator.post(f"{page}read_body/", follow=True).content.decode()


def test_a_deliverys_page_says_what_happened_and_what_comes_next(
    operator: Client, partner: Partner, settings: Any
) -> None:
    settings.DELIVERY_BATCH_SIZE = 1
    CustomerFactory.create_batch(2)
    partner.fail_next(Fault(), *[Fault(status=503, body=b"closed for repairs")] * 20)
    delivery = deliver(start_delivery()[0], seconds=0.5)
    page = text_of(operator, f"{LIST}{delivery.pk}/change/")
    assert "1 of 2 customers acknowledged by the partner" in page
    assert "a worker tries again at" in page
    assert "partner API answered 503" in page
    assert "closed for repairs" in page
    assert partner.received[-1].headers["X-Request-ID"] in page
    attempts = operator.get(f"/admin/inflight/deliveryattempt/?batch__delivery__exact={delivery.pk}")
    assert attempts.context["cl"].result_count == len(partner.received)


def test_a_delivery_is_paused_and_resumed_from_its_page(operator: Client) -> None:
    delivery, _ = start_delivery()
    page = f"{LIST}{delivery.pk}/"
    assert "paused" not in text_of(operator, f"{page}change/").lower()
    operator.post(f"{page}pause/")
    assert "until somebody resumes it" in text_of(operator, f"{page}change/")
    assert f"{page}pause/" not in text_of(operator, f"{page}change/")
    operator.post(f"{page}resume/")
    delivery.refresh_from_db()
    assert not delivery.is_paused


def test_a_delivery_is_sent_again_with_the_same_bodies_and_keys(operator: Client, partner: Partner) -> None:
    CustomerFactory()
    delivery = deliver(start_delivery()[0], seconds=1)
    operator.post(f"{LIST}{delivery.pk}/send_again/")
    delivery.refresh_from_db()
    assert deliver(delivery, seconds=1).status == "delivered"
    first, second = partner.received
    assert (first.body, first.headers["Idempotency-Key"]) == (second.body, second.headers["Idempotency-Key"])
    DeliveryBatch.objects.update(payload=None, customer_ids=None)
    answer = operator.post(f"{LIST}{delivery.pk}/send_again/", follow=True)
    assert "No body of this delivery is stored" in answer.content.decode()


def test_a_test_goes_to_the_partner_and_its_answer_is_shown(operator: Client, partner: Partner) -> None:
    assert partner.customers_url in text_of(operator, f"{LIST}send_test/")
    assert partner.received == []
    assert "Acknowledged: 201" in operator.post(f"{LIST}send_test/", follow=True).content.decode()
    assert (partner.received[0].json(), Delivery.objects.count()) == ([], 0)
    partner.fail_next(Fault(status=401, body=b"who are you?"))
    refused = operator.post(f"{LIST}send_test/", follow=True).content.decode()
    assert "partner API answered 401" in refused
    assert "who are you?" in refused


def test_customers_are_not_edited_by_a_post(operator: Client) -> None:
    purchase = PurchaseFactory()
    operator.post(f"/admin/inflight/customer/{purchase.customer_id}/change/", {"last_name": "Edited"})
    assert not Customer.objects.filter(last_name="Edited").exists()


def test_an_operation_on_nothing_is_not_found(operator: Client) -> None:
    get: Callable[..., Any] = operator.get
    assert get(f"{LIST}999/retry/").status_code == 404
