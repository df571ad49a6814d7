"""Tombstones end in time, and a database that fails half-way leaves nothing behind."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from config.core.logging import RequestIdFilter
from metadata_registry import services, tasks
from metadata_registry.models import Metadata, MetadataEvent
from tests.factories_metadata_registry import PAYLOAD, MetadataFactory

pytestmark = pytest.mark.django_db


def deleted_days_ago(days: float) -> Metadata:
    metadata = MetadataFactory()
    services.delete_metadata(str(metadata.pk), by="test")
    Metadata.objects.filter(pk=metadata.pk).update(deleted_at=timezone.now() - timedelta(days=days))
    return metadata


def test_only_tombstones_past_retention_are_dropped(settings: Any) -> None:
    settings.METADATA_RETENTION_DAYS = 7
    live, young, old = MetadataFactory(), deleted_days_ago(6.9), deleted_days_ago(7.1)
    tasks.drop_old_tombstones()
    assert set(Metadata.objects.all()) == {live, young}
    assert not MetadataEvent.objects.filter(metadata=old.pk).exists()


def test_more_tombstones_than_a_batch_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "DROP_BATCH", 2)
    for _ in range(5):
        deleted_days_ago(1000)
    assert services.drop_old_tombstones() == 5


@pytest.mark.parametrize("call", ["create", "delete", "restore"])
def test_failing_database_leaves_nothing_half_written(
    api: APIClient, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    live, gone = MetadataFactory(), deleted_days_ago(1)
    before = list(Metadata.objects.values_list("pk", "deleted_at"))
    with connection.cursor() as cursor:  # the second write of the transaction meets a table that is not there
        cursor.execute("ALTER TABLE metadata_registry_metadataevent RENAME TO away")
    with caplog.at_level(logging.ERROR):
        response = {
            "create": lambda: api.post("/api/metadata", {"name": "n", "payload": PAYLOAD}, format="json"),
            "delete": lambda: api.delete(f"/api/metadata/{live.pk}"),
            "restore": lambda: api.post(f"/api/metadata/{gone.pk}/restore"),
        }[call]()
    assert list(Metadata.objects.values_list("pk", "deleted_at")) == before
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert "Traceback" not in response.content.decode()
    assert "metadataevent" not in response.content.decode()


def test_log_of_a_failure_has_the_request_id_and_the_traceback(
    api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE metadata_registry_metadataevent RENAME TO away")
    response = api.post("/api/metadata", {"name": "n", "payload": PAYLOAD}, format="json")
    (record,) = [record for record in caplog.records if record.name == "config.api.problems"]
    assert record.__dict__["request_id"] == response.json()["instance"] == response["X-Request-ID"]
    said = logging.Formatter().format(record)
    assert "Traceback" in said
    assert "OperationalError" in said or "ProgrammingError" in said
