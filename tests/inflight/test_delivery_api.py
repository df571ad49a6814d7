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


def test_certain_customers_are_sent_and_no_others(api: APIClient, partner: Partner) -> None:
    wanted, _, other = CustomerFactory.create_batch(3)
    response = api.post("/api/send-customers", {"customer_ids": [other.pk, wanted.pk]}, format="json")
    delivery = response.json()
    assert (response.status_code, delivery["status"], delivery["only"]) == (200, "delivered", "chosen")
    assert [customer["last_name"] for customer in partner.customers] == [wanted.last_name, other.last_name]


def test_unknown_customers_are_named_and_nothing_is_sent(api: APIClient, partner: Partner) -> None:
    body = {"customer_ids": [CustomerFactory().pk, "nobody"]}
    for dry_run in (False, True):
        response = api.post("/api/send-customers", body | {"dry_run": dry_run}, format="json")
        problem = response.json()
        assert (response.status_code, problem["errors"][0]["field"]) == (400, "customer_ids")
        assert "nobody" in problem["detail"]
    assert not Delivery.objects.exists()


def test_certain_customers_are_refused_while_another_delivery_is_under_way(api: APIClient, partner: Partner) -> None:
    other = Delivery.objects.create()
    response = api.post("/api/send-customers", {"customer_ids": [CustomerFactory().pk]}, format="json")
    assert (response.status_code, response["Location"]) == (409, f"/api/deliveries/{other.pk}")


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(api: APIClient, partner: Partner, settings: Any) -> None:
    settings.DELIVERY_BATCH_SIZE = 2
    CustomerFactory.create_batch(5)
    found = api.post("/api/send-customers", {"dry_run": True, "only": "changed"}, format="json").json()
    assert (partner.received, Delivery.objects.count()) == ([], 0)
    api.post("/api/send-customers", {"only": "changed"}, format="json")
    bodies = [request.body for request in partner.received]
    assert (found["customers"], found["batches"], found["first_body_bytes"]) == (5, 3, len(bodies[0]))
    assert found["first_body"] == partner.received[0].json()
    assert found["estimated_bytes"] == pytest.approx(sum(map(len, bodies)), rel=0.05)


def test_attempts_are_listed_newest_first(api: APIClient, partner: Partner) -> None:
    CustomerFactory()
    partner.fail_next(Fault(status=503, body=b"not now"))
    delivery = api.post("/api/send-customers").json()
    last, first = api.get(f"/api/deliveries/{delivery['id']}/attempts").json()
    assert (first["batch"], first["http_status"], first["answer"], last["http_status"]) == (1, 503, "not now", 201)
    assert first["error"].startswith("partner API answered 503")
    assert last["request_id"] == partner.received[1].headers["X-Request-ID"]
    assert api.get("/api/deliveries/999/attempts").status_code == 404


def test_a_delivery_is_paused_and_resumed(api: APIClient, partner: Partner) -> None:
    CustomerFactory()
    queued = api.post("/api/send-customers", headers={"prefer": "respond-async"}).json()
    address = f"/api/deliveries/{queued['id']}"
    assert api.post(f"{address}/pause").json()["is_paused"] is True
    assert api.post("/api/send-customers").json()["is_paused"] is True, "another request does not go round it"
    assert partner.received == []
    assert api.post(f"{address}/resume").json()["is_paused"] is False
    api.post(f"{address}/retry")
    assert api.get(address).json()["status"] == "delivered"
    refused = api.post(f"{address}/pause")
    assert (refused.status_code, "has ended" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    "body", [{"customer_ids": []}, {"customer_ids": ["1"], "only": "all"}, {"customer_ids": [1]}, {"dry_run": "yes"}]
)
def test_customers_that_cannot_be_asked_for_are_400(api: APIClient, partner: Partner, body: dict[str, Any]) -> None:
    assert api.post("/api/send-customers", body, format="json").status_code == 400
    assert not Delivery.objects.exists()


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
        ("post", "deliveries/1/pause"),
        ("post", "deliveries/1/resume"),
        ("get", "deliveries/1/attempts"),
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
