"""Published entries are dropped when they are old enough, a step at a time; nothing else is."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.worker.schedules import periodics
from ingest import tasks
from ingest.models import DataEntry
from ingest.storage import retention
from tests.factories_ingest import DataEntryFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def entry(*, days: float, published_days: float | None = None, **values: Any) -> int:
    published_at = None if published_days is None else NOW - timedelta(days=published_days)
    made = DataEntryFactory(created_at=NOW - timedelta(days=days), published_at=published_at, **values)
    return int(made.pk)


def drop(seconds: float = 20) -> tuple[int, set[int]]:
    return retention.drop_old_entries(seconds=seconds), set(DataEntry.objects.values_list("pk", flat=True))


@pytest.fixture(autouse=True)
def ten_days(settings: Any) -> None:
    settings.INGEST_RETENTION_DAYS = 10


def test_what_was_published_long_ago_is_dropped_and_nothing_else() -> None:
    entry(days=30, published_days=30)
    entry(days=30, published_days=11)
    kept = {
        entry(days=30, published_days=9),
        entry(days=30),
        entry(days=30, refusal="MessageSizeTooLargeError"),
        entry(days=9, published_days=9),
    }
    assert drop() == (2, kept)
    assert drop() == (0, kept)


def test_what_was_published_out_of_turn_does_not_hide_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 2)
    young = {entry(days=30, published_days=1) for _ in range(5)}
    for _ in range(5):
        entry(days=30, published_days=30)
    newest = entry(days=0)
    assert drop() == (5, young | {newest})


def test_the_newest_stays_since_its_id_counts_them() -> None:
    entry(days=30, published_days=30)
    newest = entry(days=30, published_days=30)
    assert drop() == (1, {newest})


def test_without_the_setting_all_are_kept(settings: Any) -> None:
    settings.INGEST_RETENTION_DAYS = 0
    kept = {entry(days=3000, published_days=3000) for _ in range(3)}
    assert drop() == (0, kept)


def test_each_step_is_small_and_a_run_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 10)
    for _ in range(31):
        entry(days=30, published_days=30)
    with CaptureQueriesContext(connection) as asked:
        assert drop()[0] == 30
    deletions = [query["sql"] for query in asked.captured_queries if query["sql"].startswith("DELETE")]
    assert len(deletions) == 3
    for _ in range(5):
        entry(days=30, published_days=30)
    assert retention.drop_old_entries(seconds=0) == 0


def test_a_step_reads_no_more_than_its_rows() -> None:
    DataEntry.objects.bulk_create(
        DataEntry(content="a" * 50, created_at=NOW, published_at=NOW) for _ in range(2 * retention.STEP)
    )
    with CaptureQueriesContext(connection) as asked, connection.cursor() as cursor:
        retention.drop_old_entries(seconds=20)
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE data_entries")
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        plans = []
        for query in [each["sql"] for each in asked.captured_queries if each["sql"].startswith("SELECT")]:
            cursor.execute(f"{explain} {query}")
            plans.append(str(cursor.fetchall()))
    assert len(plans) == 2
    if connection.vendor == "postgresql":  # SQLite's rows are in the order of their ids
        assert [plan for plan in plans if "data_entries_pkey" not in plan] == []
    assert [plan for plan in plans if "Sort" in plan or "TEMP B-TREE" in plan] == []


def test_the_worker_does_it(settings: Any) -> None:
    assert "ingest.tasks.drop_old_entries" in {periodic.task for periodic in periodics()}
    entry(days=30, published_days=30)
    newest = entry(days=30, published_days=30)
    tasks.drop_old_entries()
    assert set(DataEntry.objects.values_list("pk", flat=True)) == {newest}
