"""The page of a delivery tells what happened as a timeline."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from inflight.admin import timeline
from inflight.admin.timeline import Event, timeline_of
from inflight.models import Delivery, DeliveryAttempt, DeliveryBatch
from inflight.services.deliveries import deliver, pause_delivery, resume_delivery, retry_delivery, start_delivery
from tests.fakes.faulty import Fault
from tests.fakes.partner import Partner
from tests.inflight.conftest import Import

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def events_of(delivery: Delivery, *, shows_answers: bool = True) -> list[Event]:
    delivery.refresh_from_db()
    return timeline_of(delivery, shows_answers=shows_answers)[0]


def titles_of(delivery: Delivery) -> list[str]:
    return [event.title for event in events_of(delivery)]


def batch(delivery: Delivery, number: int) -> DeliveryBatch:
    return DeliveryBatch.objects.create(delivery=delivery, number=number, payload=b"[]", customers=5)


def attempt(of: DeliveryBatch, seconds_later: float, **values: Any) -> DeliveryAttempt:
    values = {"seconds": 0.5, "http_status": 201} | values
    return DeliveryAttempt.objects.create(batch=of, started_at=NOW + timedelta(seconds=seconds_later), **values)


@pytest.mark.django_db(transaction=True)
def test_a_partner_that_was_away_and_comes_back_is_told_in_order(
    partner: Partner, do_import: Import, settings: Any
) -> None:
    settings.DELIVERY_SCHEDULE = [600]
    do_import()
    partner.fail_next(*[Fault(status=503, body=b'{"error": "closed for lunch"}')] * 20)
    delivery = deliver(start_delivery(requested_by="olga")[0], seconds=5)
    assert delivery.status == "waiting"
    last = events_of(delivery)[-1]
    assert (last.title, last.is_future, last.at) == ("Next attempt", True, delivery.next_attempt_at)

    tries = DeliveryAttempt.objects.count()
    partner.forget_faults()
    deliver(retry_delivery(delivery), seconds=5)

    events = events_of(delivery)
    assert tries >= 1
    assert [event.title for event in events if "Retried" not in event.title] == [
        "Queued by olga", *["Batch 1 was not acknowledged"] * tries, "The partner acknowledged batch 1", "Delivered",
    ]  # fmt: skip
    assert "503" in events[1].text
    assert events[1].answer == '{"error": "closed for lunch"}'
    assert sorted(events, key=lambda event: event.at) == events


@pytest.mark.django_db(transaction=True)
def test_who_paused_resumed_and_retried_is_told(admin_user: User, do_import: Import) -> None:
    do_import()
    delivery = start_delivery()[0]
    client = Client()
    client.force_login(admin_user)
    for operation in ("pause", "resume"):
        client.post(f"/admin/inflight/delivery/{delivery.pk}/{operation}/")
    assert titles_of(delivery)[1:3] == ["Paused by admin", "Resumed by admin"]


def test_acknowledgements_in_a_row_are_one_event_and_waits_are_told() -> None:
    delivery = Delivery.objects.create(status="sending", created_at=NOW - timedelta(seconds=1))
    batches = [batch(delivery, number) for number in (1, 2, 3, 4)]
    attempt(batches[0], 0)
    attempt(batches[1], 1)
    attempt(batches[2], 2, error="no answer", http_status=None, seconds=10.0)
    attempt(batches[2], 312)
    attempt(batches[3], 313, seconds=None)
    events = events_of(delivery)
    assert [event.title for event in events] == [
        "Queued", "The partner acknowledged 2 batches", "Batch 3 was not acknowledged", "Waited for 5 min",
        "The partner acknowledged batch 3", "Request with batch 4",
    ]  # fmt: skip
    assert events[1].text == "Batches 1 to 2, 10 customers."
    assert events[-1].text == "The request is under way."


def test_a_request_whose_process_died_and_the_end_of_a_failed_delivery() -> None:
    delivery = Delivery.objects.create(status="failed", created_at=NOW, finished_at=NOW + timedelta(seconds=9))
    attempt(batch(delivery, 1), 1, seconds=None, http_status=None)
    events = events_of(delivery)
    assert "the process that sent it stopped" in events[1].text
    assert (events[-1].title, events[-1].tone) == ("Failed", "bad")


def test_the_partners_answers_are_for_those_who_may_read_attempts() -> None:
    delivery = Delivery.objects.create(status="failed", created_at=NOW, finished_at=NOW)
    attempt(batch(delivery, 1), 1, error="422: refused", answer="Zoe Zed is not welcome", http_status=422)
    seen = {}
    for name, permissions in (("some", ["view_delivery"]), ("more", ["view_delivery", "view_deliveryattempt"])):
        user = User.objects.create_user(name, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        seen[name] = client.get(f"/admin/inflight/delivery/{delivery.pk}/change/").content.decode()
    assert "422: refused" in seen["some"]
    assert "Zoe Zed" not in seen["some"]
    assert "Zoe Zed is not welcome" in seen["more"]


def test_a_timeline_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch, admin_client: Client) -> None:
    monkeypatch.setattr(timeline, "MOST_ATTEMPTS", 2)
    delivery = Delivery.objects.create(status="sending", created_at=NOW)
    one = batch(delivery, 1)
    for second in range(3):
        attempt(one, second, error=f"failure {second}")
    events, has_earlier = timeline_of(delivery, shows_answers=True)
    assert has_earlier
    assert [event.text.partition(" (")[0] for event in events[1:]] == ["failure 1", "failure 2"]
    page = admin_client.get(f"/admin/inflight/delivery/{delivery.pk}/change/").content.decode()
    assert "There are earlier requests." in page


def test_a_paused_delivery_has_no_next_try() -> None:
    delivery = Delivery.objects.create(status="sending", created_at=NOW)
    pause_delivery(delivery)
    delivery.next_attempt_at = NOW
    assert [event.title for event in timeline_of(delivery, shows_answers=True)[0] if event.is_future] == []
    resume_delivery(delivery)
