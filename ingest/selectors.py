"""What ingest reads."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.common.json import dumps
from ingest.models import REFUSED, WAITING, DataEntry

STREAM_PAGE = 2000  # rows in memory at a time
BEFORE_ALL = -(2**63)  # of what an id may be
OUTPUT_FIELDS = ("id", "content", "created_at")

# PostgreSQL writes the JSON itself, 5 times as fast as we would.
_PAGE_AS_JSON = """
    SELECT max(id), string_agg(json_build_object(
        'id', id, 'content', content,
        'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text, ',' ORDER BY id)
    FROM (SELECT id, content, created_at FROM data_entries
          WHERE id > %s AND (%s::bool IS NULL OR (published_at IS NOT NULL) = %s) ORDER BY id LIMIT %s) AS page"""


def entries(*, published: bool | None = None) -> QuerySet[DataEntry]:
    """Return all entries, or those that Kafka has (not) acknowledged."""
    wanted = Q() if published is None else Q(published_at__isnull=not published)
    return DataEntry.objects.filter(wanted)


def stream_entries(*, published: bool | None = None) -> Iterator[bytes]:
    """Yield the entries by id as one JSON array, in pieces of STREAM_PAGE rows: memory does not grow with the table."""
    render = _page_from_postgresql if connection.vendor == "postgresql" else _page_from_rows
    after, opening = BEFORE_ALL, b"["
    while page := render(after, published):
        after, text = page
        yield opening + text
        opening = b","
    yield b"[]" if opening == b"[" else b"]"


def _page_from_postgresql(after: int, published: bool | None) -> tuple[int, bytes] | None:
    with connection.cursor() as cursor:
        cursor.execute(_PAGE_AS_JSON, [after, published, published, STREAM_PAGE])
        last, text = cursor.fetchone()
    return (last, text.encode()) if text else None


def _page_from_rows(after: int, published: bool | None) -> tuple[int, bytes] | None:
    rows = list(entries(published=published).filter(pk__gt=after).order_by("pk").values(*OUTPUT_FIELDS)[:STREAM_PAGE])
    return (rows[-1]["id"], dumps(rows)[1:-1]) if rows else None


def newest_entries(among: QuerySet[DataEntry], number: int) -> QuerySet[DataEntry]:
    """Return those that are among the last ids given, about so many, so that no more than these are ever read."""
    newest = DataEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return among.filter(pk__gt=newest - number)


def count_waiting(limit: int) -> int:
    """Count the entries that wait for Kafka, up to just past `limit`."""
    return DataEntry.objects.filter(WAITING)[: limit + 1].count()


def oldest_waiting() -> datetime | None:
    """Return when the oldest entry that waits was taken in."""
    return DataEntry.objects.filter(WAITING).order_by("pk").values_list("created_at", flat=True).first()


def situation(limit: int) -> dict[str, Any]:
    """Return how much waits for Kafka (counted up to just past `limit`), for how long, and how much it refused."""
    oldest = oldest_waiting()
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    return {
        "waiting": count_waiting(limit),
        "oldest_waiting_seconds": round(max(age, 0.0), 1),
        "refused": DataEntry.objects.filter(REFUSED).count(),
    }
