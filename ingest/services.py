"""Taking entries in and getting them to Kafka: committed first, published after, at least once.

Whoever publishes an entry claims it first, for LEASE_SECONDS: the request that took it in, a relay, the schedule. Only when
the claim has run out, because its holder died, may another one take the entry. No entry is skipped for having been committed
late: what is looked for is not the next id but whatever waits.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from ingest.backlog import backlog
from ingest.models import REFUSED, WAITING, DataEntry
from ingest.publisher import Outcome, Publisher, Record, publisher
from ingest.storage import GroupedMarks, claim_until, insert_contents

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)  # longer than any publication takes: 1 s to connect, 1 s per block, 8 s to deliver
RELAY_BATCH = 1000
RELAY_PATIENCE_SECONDS = 9.0  # past the producer's own delivery timeout of 8 s
NOTIFY_EVERY_SECONDS = 0.05
CHANNEL = "data_entries"  # of LISTEN/NOTIFY
_marks = GroupedMarks()


@dataclass(frozen=True)
class Accepted:
    """Entries that are committed, by id, and which of them Kafka has acknowledged."""

    ids: list[int]
    published: frozenset[int]


def accept_contents(contents: Sequence[str], *, wait: bool) -> Accepted:
    """Keep one entry per content, all or none, and publish them.

    Waits for Kafka for at most KAFKA_ACK_SECONDS; without `wait`, or while Kafka is known to be down, not at all: then a
    relay publishes them. Raises BacklogFull before anything is written.
    """
    backlog.admit(len(contents))
    publish_now = wait and publisher.is_worth_trying()
    now = timezone.now()
    ids = insert_contents(contents, created_at=now, claimed_until=now + LEASE if publish_now else now)
    if not publish_now:
        _wake_relay()
        return Accepted(ids, frozenset())
    records = [Record(entry_id, content, now) for entry_id, content in zip(ids, contents, strict=True)]
    outcome = publisher.publish(records, seconds=settings.KAFKA_ACK_SECONDS)
    _record(ids, outcome)
    return Accepted(ids, frozenset(outcome.acknowledged))


def relay_batch(relay_publisher: Publisher) -> tuple[int, Outcome]:
    """Claim the oldest entries that nobody has, publish them; return how many were claimed and what became of them."""
    records = _claim(RELAY_BATCH)
    if not records:
        return 0, Outcome()
    outcome = relay_publisher.publish(records, seconds=RELAY_PATIENCE_SECONDS)
    _record([record.entry_id for record in records], outcome)
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
    return DataEntry.objects.filter(REFUSED, pk__in=ids).update(refusal="", claimed_until=timezone.now())


def _claim(limit: int) -> list[Record]:
    """Take the oldest free entries. Several relays step over each other's rows; SQLite lets one in at a time."""
    now = timezone.now()
    free = DataEntry.objects.filter(WAITING, claimed_until__lte=now).order_by("pk")
    with transaction.atomic():
        rows = list(free.select_for_update(skip_locked=True).values_list("pk", "content", "created_at")[:limit])
        if rows:
            claim_until([row[0] for row in rows], claimed_until=now + LEASE)
    return [Record(*row) for row in rows]


def _record(ids: Sequence[int], outcome: Outcome) -> None:
    """Write down what became of claimed entries; those that are still to be published are free again."""
    if outcome.acknowledged:
        _marks.mark(outcome.acknowledged)
    for entry_id, reason in outcome.refused.items():
        logger.error("Kafka will never take entry %d: %s", entry_id, reason)
        DataEntry.objects.filter(pk=entry_id).update(refusal=reason)
    if len(outcome.acknowledged) + len(outcome.refused) < len(ids):
        settled = {*outcome.acknowledged, *outcome.refused}
        left = [entry_id for entry_id in ids if entry_id not in settled]
        claim_until(left, claimed_until=timezone.now())
        _wake_relay()


_next_notify = 0.0


def _wake_relay() -> None:
    """Tell a sleeping relay, on PostgreSQL; often enough, since it stays awake for a while after its last entry."""
    global _next_notify  # noqa: PLW0603 - one clock per process; a race costs one notification more
    if connection.vendor == "postgresql" and time.monotonic() >= _next_notify:
        _next_notify = time.monotonic() + NOTIFY_EVERY_SECONDS
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
