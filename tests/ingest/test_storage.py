"""The statements of the hot path: marking what Kafka acknowledged, many threads at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ingest.models import DataEntry
from ingest.storage import GroupedMarks, insert_contents
from tests.fakes.faulty import wait_until
from tests.sessions import held_elsewhere


@contextmanager
def row_locked(entry_id: int) -> Iterator[bool]:
    with transaction.atomic():
        DataEntry.objects.filter(pk=entry_id).update(refusal="")
        yield True


@pytest.mark.django_db(transaction=True)
def test_threads_whose_records_are_acknowledged_together_share_a_statement() -> None:
    now = timezone.now()
    ids = insert_contents([str(number) for number in range(8)], created_at=now, claimed_until=now)
    marks, statements = GroupedMarks(), []

    def count(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, parameters, many, context)

    def mark(entry_id: int) -> None:
        with connection.execute_wrapper(count):
            marks.mark([entry_id])
            assert DataEntry.objects.filter(pk=entry_id, published_at__isnull=False).exists()
        connection.close()

    threads = [threading.Thread(target=mark, args=[entry_id]) for entry_id in ids]
    with held_elsewhere(row_locked(ids[0])):
        threads[0].start()
        wait_until(lambda: statements, what="the first thread writing")
        for thread in threads[1:]:
            thread.start()
        wait_until(lambda: len(marks._group.ids) == 7, what="the others waiting together")
    for thread in threads:
        thread.join()
    assert DataEntry.objects.filter(published_at__isnull=False).count() == 8
    assert len([sql for sql in statements if sql.startswith("UPDATE")]) == 2
