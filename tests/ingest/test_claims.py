"""What a relay has claimed nobody else takes, and no longer than its holder lives; its memory has a bound."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import DatabaseError, connection

from ingest import services
from ingest.models import DataEntry
from ingest.publisher import Publisher, PublishResult, Record
from ingest.publisher.failures import Failure, FailureReason
from ingest.relay import Relay
from ingest.storage.entries import Entry
from tests.factories_ingest import DataEntryFactory
from tests.fakes.faulty import wait_until
from tests.fakes.kafka_reader import Arrived
from tests.ingest.test_relay import nothing_waits, running

pytestmark = pytest.mark.django_db(transaction=True)

Read = Callable[[], list[Arrived]]


class Holder:
    """Holds a claim in a thread of its own, as another relay does, until it is told to end, and publishes nothing."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._has_claimed, self._may_end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def _hold(self) -> None:
        try:
            with services.claim_oldest() as records:
                self.ids = [record.entry_id for record in records]
                self._has_claimed.set()
                self._may_end.wait(30)
                services.record_outcome(records, PublishResult(failure=Failure(FailureReason.OTHER, "none of them")))
        except DatabaseError:
            pass  # its connection is gone
        finally:
            connection.close()

    def __enter__(self) -> "Holder":
        self._thread.start()
        assert self._has_claimed.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._may_end.set()
        self._thread.join(10)


def test_what_one_has_claimed_another_steps_over(arrived: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "RELAY_BATCH", 3)
    first, second = DataEntryFactory.create_batch(3), DataEntryFactory.create_batch(2)
    with Holder() as holder:
        assert holder.ids == [entry.pk for entry in first]
        assert services.relay_waiting(seconds=5) == 2
    assert services.relay_waiting(seconds=5) == 3
    assert [record.entry_id for record in arrived()] == [entry.pk for entry in [*second, *first]]


def test_a_claim_of_a_machine_that_is_gone_ends_by_itself(arrived: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LEASE", timedelta(seconds=1))
    DataEntryFactory.create_batch(3)
    with Holder():
        assert services.relay_waiting(seconds=5) == 0
        wait_until(lambda: services.relay_waiting(seconds=5) == 3, seconds=20, what="the claim's end")
    assert len(arrived()) == 3


def test_a_failed_mark_leaves_what_was_claimed_to_the_next(arrived: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a written claim runs out instead: tests/ingest/test_faults.py")
    entry = DataEntryFactory()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE data_entries ADD CONSTRAINT no_marks CHECK (published_at IS NULL)")
    try:
        with pytest.raises(DatabaseError):
            services.relay_waiting(seconds=5)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE data_entries DROP CONSTRAINT no_marks")
    assert services.relay_waiting(seconds=5) == 1
    assert [record.entry_id for record in arrived()] == [entry.pk, entry.pk]


class Counting(Publisher):
    """Counts what one relay sends, and sends the first only when the other relay has something to send, too."""

    def __init__(self, both_have_some: threading.Barrier) -> None:
        super().__init__()
        self.sent: Counter[int] = Counter()
        self._both_have_some = both_have_some

    def send(self, records: Sequence[Record], *, seconds: float) -> Callable[[], PublishResult]:
        if not self.sent:
            self._both_have_some.wait(30)
        self.sent.update(record.entry_id for record in records)
        return super().send(records, seconds=seconds)


def test_two_relays_both_do_a_part_and_none_does_what_the_other_does(arrived: Read) -> None:
    both_have_some = threading.Barrier(2)
    relays, publishers = [Relay(), Relay()], [Counting(both_have_some), Counting(both_have_some)]
    for relay, publisher in zip(relays, publishers, strict=True):
        relay._publisher = publisher
    with running(relays[0]), running(relays[1]):
        accepted = services.accept_entries([Entry(f"content {number}") for number in range(10_000)], wait=False)
        wait_until(nothing_waits, seconds=60, what="everything published")
    parts = [publisher.sent for publisher in publishers]
    assert all(parts)
    assert max((parts[0] + parts[1]).values()) == 1
    assert sorted(record.entry_id for record in arrived()) == accepted.ids


def test_one_relay_keeps_the_order_of_ids(arrived: Read) -> None:
    accepted = services.accept_entries([Entry(f"content {number}") for number in range(5_500)], wait=False)
    with running(Relay()):
        wait_until(nothing_waits, seconds=60, what="everything published")
    assert [record.entry_id for record in arrived()] == accepted.ids


def test_a_claim_that_is_a_lock_is_given_back_without_a_write() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite the claim is written")
    entry = DataEntryFactory()
    with services.claim_oldest() as records:
        services.record_outcome(records, PublishResult(failure=Failure(FailureReason.SLOW, "an outage of hours")))
    before, _ = entry.claimed_until, entry.refresh_from_db()
    assert entry.claimed_until == before


@pytest.mark.parametrize("character", ["x", "я", "🛩"])
def test_a_batch_has_no_more_than_its_bytes(monkeypatch: pytest.MonkeyPatch, character: str) -> None:
    monkeypatch.setattr(services, "RELAY_BATCH_BYTES", 25_000)
    content = character * (10_000 // len(character.encode()))
    accepted = services.accept_entries([Entry(content)] * 5, wait=False)
    with services.claim_oldest() as records:
        assert [record.entry_id for record in records] == accepted.ids[:3]


@pytest.mark.parametrize("content", ['🛩️ «мир»\n"\\\u2028\x01', {"a": [1, 2.5, None, {"ключ": True}]}, 10**15, ""])
def test_what_a_relay_sends_says_what_a_request_would(content: Any) -> None:
    entry = DataEntryFactory(content=content)
    entry.refresh_from_db()
    with services.claim_oldest() as records:
        [relayed] = records
    requested = Record(entry.pk, content, entry.created_at)
    assert orjson.loads(relayed.value) == orjson.loads(requested.value)
    assert (relayed.key, relayed.headers) == (requested.key, requested.headers)


def test_a_published_entry_is_claimed_by_nobody() -> None:
    DataEntryFactory(published=True)
    with services.claim_oldest() as records:
        assert records == []
    assert DataEntry.objects.filter(published_at=None).count() == 0
