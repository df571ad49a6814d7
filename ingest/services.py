"""Store entries and publish them to Kafka: committed first, published after, at least once.

Whoever publishes an entry claims it first, for LEASE_SECONDS: the request that took it in, a relay, the schedule. Only when
the claim has run out, because its holder died, may another one take the entry. No entry is skipped for having been committed
late: what is looked for is not the next id but whatever waits.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from config.access import audit
from config.api.idempotency import has_idempotency_key, link_resource
from config.core.disk import lacks_room, trouble_of
from config.core.telemetry import tracing
from ingest.backlog import backlog
from ingest.models import REFUSED, WAITING, DataEntry, KafkaFailure
from ingest.publisher import Publisher, PublishResult, Record, publisher
from ingest.selectors import BEFORE_ALL
from ingest.storage.entries import (
    Entry,
    claim_until,
    end_idle_transaction_after,
    insert_entries,
    mark_published,
    read_records,
)
from ingest.storage.group_commit import GroupCommit

logger = logging.getLogger(__name__)

NO_LEASE = timedelta(0)
LEASE = timedelta(seconds=15)  # longer than any publication takes: 1 s to connect, 1 s per block, 8 s to deliver
RELAY_BATCH = 1000
RELAY_BATCH_BYTES = (
    16 * 1024 * 1024
)  # of contents: a relay's memory follows neither the backlog nor its largest entries
RELAY_PATIENCE_SECONDS = 9.0  # past the producer's own delivery timeout of 8 s
NOTIFY_EVERY_SECONDS = 0.05
CHANNEL = "data_entries"  # of LISTEN/NOTIFY


@dataclass(frozen=True)
class Accepted:
    """Entries that are committed, by id, and which of them Kafka has acknowledged."""

    ids: list[int]
    published: frozenset[int]


def accept_entries(entries: Sequence[Entry], *, wait: bool, link: Callable[[list[int]], Any] = list) -> Accepted:
    """Keep the entries, all or none, and publish them.

    Waits for Kafka for at most KAFKA_ACK_SECONDS; without `wait`, or while Kafka is known to be down, not at all: then a
    relay publishes them. Raises BacklogFull before anything is written. `link`: what a request's Idempotency-Key is to
    remember, made of the ids.
    """
    backlog.check_capacity(len(entries))
    lease = LEASE if wait and publisher.is_worth_trying() else NO_LEASE
    records = _keep(entries, lease, link)
    ids = [record.entry_id for record in records]
    try:
        if lease is NO_LEASE:
            _wake_relay()
            return Accepted(ids, frozenset())
        published = _publish(records)
    except DatabaseError as error:  # the entries are committed all the same
        told = "A relay publishes what is kept, also what Kafka has taken: that is not on record. %s"
        logger.warning(told, trouble_of(error), exc_info=not lacks_room(error))
        return Accepted(ids, frozenset())
    return Accepted(ids, frozenset(entry_id for entry_id, is_out in zip(ids, published, strict=True) if is_out))


def find_accepted(ids: list[int]) -> Accepted:
    """Return what became of entries that were accepted before."""
    published = DataEntry.objects.filter(pk__in=ids, published_at__isnull=False).values_list("pk", flat=True)
    return Accepted(ids, frozenset(published))


def _keep(entries: Sequence[Entry], lease: timedelta, link: Callable[[list[int]], Any]) -> Sequence[Record]:
    """Insert single entries together with those of other threads; many, and those of a request with a key, by themselves."""
    if traceparent := tracing.current_traceparent():
        entries = [entry._replace(traceparent=traceparent) for entry in entries]
    if len(entries) == 1 and not has_idempotency_key():
        return [_insertions[lease].run(entries[0])]
    with transaction.atomic():
        records = insert_entries(entries, lease=lease)
        link_resource(link([record.entry_id for record in records]))
    return records


def _publish(records: Sequence[Record]) -> Sequence[bool]:
    """Publish claimed entries as they were kept, and return of each whether Kafka has acknowledged it."""
    until = time.monotonic() + settings.KAFKA_ACK_SECONDS
    waiting = [(record, until) for record in records]
    return [_publications.run(waiting[0])] if len(waiting) == 1 else _publish_until(waiting)


def _publish_until(waiting: Sequence[tuple[Record, float]]) -> Sequence[bool]:
    """Publish records of which each is waited for until a moment of the monotonic clock, the earliest of which counts."""
    records = [record for record, _ in waiting]
    seconds = min(until for _, until in waiting) - time.monotonic()
    outcome = publisher.publish(records, seconds=seconds) if seconds > 0 else PublishResult()
    record_outcome(records, outcome)
    acknowledged = set(outcome.acknowledged)
    return [record.entry_id in acknowledged for record in records]


_insertions = {lease: GroupCommit(partial(insert_entries, lease=lease)) for lease in (LEASE, NO_LEASE)}
_publications = GroupCommit(_publish_until)


def relay_batch(relay_publisher: Publisher) -> tuple[int, PublishResult]:
    """Claim the oldest entries that nobody has, publish them; return how many were claimed and what became of them."""
    with claim_oldest() as records:
        if not records:
            return 0, PublishResult()
        outcome = relay_publisher.publish(records, seconds=RELAY_PATIENCE_SECONDS)
        record_outcome(records, outcome)
    return len(records), outcome


def relay_waiting(*, seconds: float) -> int:
    """Publish what waits until nothing does, Kafka fails or the time is up; return how many entries were published."""
    deadline = time.monotonic() + seconds
    published = 0
    while time.monotonic() < deadline:
        claimed, outcome = relay_batch(publisher)
        published += len(outcome.acknowledged)
        if not claimed or outcome.failure:
            break
    return published


def retry_refused(ids: Sequence[int]) -> int:
    """Let refused entries be tried again; return how many there were."""
    with transaction.atomic():
        refused = list(DataEntry.objects.select_for_update().filter(REFUSED, pk__in=ids).only("pk").order_by("pk"))
        DataEntry.objects.filter(pk__in=[entry.pk for entry in refused]).update(
            refusal="", claimed_until=timezone.now()
        )
        audit.record_each("publish_again", refused)
    return len(refused)


def retry_all_refused() -> int:
    """Let all entries that are refused now be tried again once, RELAY_BATCH at a time; return how many there were."""
    refused = DataEntry.objects.filter(REFUSED).order_by("pk").values_list("pk", flat=True)
    newest = refused.last()
    retried, after = 0, BEFORE_ALL  # a relay may have refused the first ones again before the last are reached
    while newest is not None and (ids := list(refused.filter(pk__gt=after, pk__lte=newest)[:RELAY_BATCH])):
        retried, after = retried + retry_refused(ids), ids[-1]
    return retried


@contextmanager
def claim_oldest() -> Iterator[list[Record]]:
    """Take the oldest free entries, at most RELAY_BATCH of them; others that relay leave them alone while the block runs.

    On PostgreSQL their locks are the claim, which costs no write and ends with the connection of its holder. SQLite lets one
    in at a time: there the claim is written, as that of a request is, so that nobody waits while Kafka is waited for.
    """
    now = timezone.now()
    free = DataEntry.objects.filter(WAITING, claimed_until__lte=now).order_by("pk")
    with transaction.atomic():
        records = read_records(free.select_for_update(skip_locked=True)[:RELAY_BATCH], most_bytes=RELAY_BATCH_BYTES)
        if connection.vendor == "postgresql":
            end_idle_transaction_after(LEASE)
            yield records
            return
        claim_until([record.entry_id for record in records], claimed_until=now + LEASE)
    yield records


def record_outcome(records: Sequence[Record], outcome: PublishResult) -> None:
    """Write down what became of claimed entries; those that are still to be published are free again."""
    if outcome.acknowledged:
        mark_published(outcome.acknowledged, published_at=timezone.now())
    for entry_id, reason in outcome.refused.items():
        logger.error("Kafka will never take entry %d: %s", entry_id, reason)
        DataEntry.objects.filter(pk=entry_id).update(refusal=reason)
    settled = {*outcome.acknowledged, *outcome.refused}
    if left := [record.entry_id for record in records if record.entry_id not in settled]:
        now = timezone.now()
        DataEntry.objects.filter(pk__in=left, claimed_until__gt=now).update(claimed_until=now)  # a lock needs no write
        _wake_relay()
    if outcome.failure:
        told = {"happened_at": timezone.now()}
        KafkaFailure.objects.update_or_create(sentence=outcome.failure.reason.sentence, defaults=told)


_next_notify = 0.0


def _wake_relay() -> None:
    """Tell a sleeping relay, on PostgreSQL; often enough, since it stays awake for a while after its last entry."""
    global _next_notify  # noqa: PLW0603 - one clock per process; a race costs one notification more
    if connection.vendor == "postgresql" and time.monotonic() >= _next_notify:
        _next_notify = time.monotonic() + NOTIFY_EVERY_SECONDS
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
