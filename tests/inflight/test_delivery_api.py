"""The sending's HTTP face."""

from typing import Any

import pytest
from django_q.models import Schedule
from rest_framework.test import APIClient

from inflight.models import Delivery
from tests.factories import CustomerFactory
from tests.fakes.faulty import Fault
from tests.fakes.partner import Partner

pytestmark = pytest.mark.django_db


def test_all_acknowledged_is_200_with_the_delivery(api: APIClient, partner: Partner) -> None:
    CustomerFactory.create_batch(3)
    response = api.post("/api/send-customers")
    delivery = response.json()
    assert (response.status_code, delivery["status"], delivery["only"]) == (200, "delivered", "all")
    (batch,) = delivery["batches"]
    assert (batch["status"], batch["customers"], batch["attempts"], batch["http_status"]) == ("acknowledged", 3, 1, 201)
    assert batch["acknowledged_at"]
    assert len(partner.customers) == 3
    assert api.get(response["Location"]).json() == delivery


def test_nothing_to_send_is_200_with_no_batches(api: APIClient, partner: Partner) -> None:
    response = api.post("/send-customers", {"only": "changed"}, format="json")
    assert (response.status_code, response.json()["batches"]) == (200, [])


def test_a_partner_that_is_down_is_202_with_the_next_attempt(api: APIClient, partner: Partner) -> None:
    CustomerFactory()
    partner.down = True
    response = api.post("/api/send-customers")
    delivery = response.json()
    assert (response.status_code, delivery["status"]) == (202, "waiting")
    assert delivery["batches"][0]["next_attempt_at"] == delivery["next_attempt_at"]
    assert delivery["batches"][0]["last_error"].startswith("partner API: ")


def test_a_second_send_meanwhile_is_202_with_the_same_delivery(api: APIClient, partner: Partner) -> None:
    CustomerFactory()
    partner.down = True
    first = api.post("/api/send-customers").json()
    partner.down = False
    again = api.post("/api/send-customers")
    assert (again.status_code, again.json()["id"]) == (202, first["id"])


def test_respond_async_leaves_it_all_to_a_worker(api: APIClient, partner: Partner) -> None:
    CustomerFactory()
    response = api.post("/api/send-customers", headers={"prefer": "respond-async"})
    assert (response.status_code, response.json()["status"], partner.received) == (202, "preparing", [])
    assert Schedule.objects.filter(schedule_type=Schedule.ONCE).count() == 1


def test_a_retry_delivers_what_failed(api: APIClient, partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=422))
    failed = api.post("/api/send-customers")
    assert (failed.status_code, failed.json()["status"]) == (202, "failed")
    response = api.post(f"/api/deliveries/{failed.json()['id']}/retry")
    assert (response.status_code, response.json()["status"]) == (200, "delivered")
    assert api.post(f"/api/deliveries/{failed.json()['id']}/retry").status_code == 200
    assert len(partner.received) == 2, "what is delivered is not sent again"


def test_a_retry_while_another_is_under_way_is_409(api: APIClient, partner: Partner) -> None:
    failed = Delivery.objects.create(status=Delivery.Status.FAILED)
    other = Delivery.objects.create()
    response = api.post(f"/api/deliveries/{failed.pk}/retry")
    assert (response.status_code, response["Location"]) == (409, f"/api/deliveries/{other.pk}")


@pytest.mark.parametrize("body", [{"only": "some"}, {"only": None}, {"only": 1}, []])
def test_a_wrong_wish_is_400_and_sends_nothing(api: APIClient, partner: Partner, body: Any) -> None:
    response = api.post("/api/send-customers", body or [1], format="json")
    assert response.status_code == 400
    assert not Delivery.objects.exists()


def test_deliveries_are_listed_newest_first_without_batches(api: APIClient, partner: Partner) -> None:
    for _ in range(2):
        api.post("/api/send-customers")
    first, second = api.get("/api/deliveries").json()
    assert first["id"] > second["id"]
    assert "batches" not in first


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "import-csv"),
        ("get", "imports"),
        ("get", "imports/1"),
        ("get", "imports/1/rejects"),
        ("post", "send-customers"),
        ("get", "deliveries"),
        ("get", "deliveries/1"),
        ("post", "deliveries/1/retry"),
        ("get", "customers"),
        ("get", "customers/1"),
    ],
)
def test_every_path_asks_for_a_token_when_one_is_required(
    api: APIClient, settings: Any, method: str, path: str
) -> None:
    settings.REQUIRE_TOKEN = True
    for prefix in ("/api/", "/"):
        assert getattr(api, method)(prefix + path).status_code == 401
        allowed = getattr(api, method)(prefix + path, headers={"authorization": "Bearer test-token"})
        assert allowed.status_code not in (401, 403)
