"""What ingest tells of itself: health, metrics, the admin."""

import sys
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.core.settings_checks import check_settings
from inflight.models import Delivery
from ingest import services
from ingest.models import DataEntry
from tests.factories_ingest import DataEntryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def _entries() -> None:
    DataEntryFactory(created_at=timezone.now() - timedelta(seconds=100))
    DataEntryFactory()
    DataEntryFactory(published=True)
    DataEntryFactory(refused=True)


@pytest.mark.usefixtures("_entries")
def test_health_tells_what_waits(client: Client) -> None:
    facts = client.get("/api/health").json()["checks"]["ingest"]
    assert 100 <= facts.pop("oldest_waiting_seconds") < 200
    assert facts == {"status": "ok", "waiting": 2, "refused": 1}


@pytest.mark.usefixtures("_entries")
@pytest.mark.parametrize("path", ["/metrics", "/api/metrics"])
def test_metrics_tell_the_same_to_prometheus(client: Client, path: str) -> None:
    response = client.get(path)
    assert response["Content-Type"].startswith("text/plain")
    values = dict(line.rsplit(" ", 1) for line in response.content.decode().splitlines() if line[0] != "#")
    newest = DataEntry.objects.latest("pk").pk
    assert float(values["apron_ingest_accepted_total"]) == newest
    assert float(values["apron_ingest_waiting"]) == 2
    assert 100 <= float(values["apron_ingest_oldest_waiting_seconds"]) < 200
    assert float(values["apron_ingest_refused"]) == 1


def test_metrics_tell_of_the_other_parts_too(client: Client) -> None:
    Delivery.objects.create(status=Delivery.Status.WAITING)
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'apron_deliveries{status="waiting"} 1.0' in lines
    assert "apron_queue_oldest_due_seconds 0.0" in lines
    assert "apron_worker_silent_seconds +Inf" in lines


def test_metrics_need_a_token_when_the_api_does(client: Client, settings: Any) -> None:
    settings.REQUIRE_TOKEN = True
    assert client.get("/metrics").status_code == 401


@pytest.mark.parametrize(("state", "count"), [("waiting", 2), ("refused", 1), ("published", 1), ("", 4)])
@pytest.mark.usefixtures("_entries")
def test_the_admin_filters_by_state(admin_client: Client, state: str, count: int) -> None:
    page = admin_client.get(f"/admin/ingest/dataentry/?state={state}")
    assert page.context["cl"].result_count == count


@pytest.mark.usefixtures("_entries")
def test_the_admin_tries_refused_entries_again(admin_client: Client) -> None:
    ids = list(DataEntry.objects.values_list("pk", flat=True))
    page = admin_client.post(
        "/admin/ingest/dataentry/", {"action": "publish_again", "_selected_action": ids}, follow=True
    )
    assert "1 refused entries are waiting" in page.content.decode()
    assert services.relay_waiting(seconds=5) == 3


def test_the_admin_changes_nothing_by_hand(admin_client: Client) -> None:
    entry = DataEntryFactory()
    assert admin_client.get(f"/admin/ingest/dataentry/{entry.pk}/change/").status_code == 200
    assert admin_client.post(f"/admin/ingest/dataentry/{entry.pk}/change/", {"content": '"y"'}).status_code == 403
    assert admin_client.get("/admin/ingest/dataentry/add/").status_code == 403
    assert admin_client.post(f"/admin/ingest/dataentry/{entry.pk}/delete/").status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "E030"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "E031"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN"}, "E032"),
        ({"KAFKA_SSL_CAFILE": "/no/such/file"}, "E033"),
        ({"KAFKA_KEY": "random"}, "E034"),
        ({"KAFKA_TOPIC": "data topic"}, "E035"),
        ({"INGEST_BACKLOG_LIMIT": 0}, "E036"),
        ({"INGEST_RETENTION_DAYS": -1}, "E220"),
        ({"INGEST_MAX_STREAM": 0}, "E221"),
        ({"KAFKA_CLIENT": "aiokafka"}, "E187"),
    ],
)
def test_settings_that_cannot_work_are_named(settings: Any, change: dict[str, Any], code: str) -> None:
    assert check_settings() == []
    for name, value in change.items():
        setattr(settings, name, value)
    assert f"apron.{code}" in {message.id for message in check_settings()}


def test_librdkafka_without_its_package_is_named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KAFKA_CLIENT = "librdkafka"
    assert check_settings() == []
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    assert [message.id for message in check_settings()] == ["apron.E188"]
