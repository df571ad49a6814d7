"""Queries of ingest."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from config.core.json import dumps
from ingest.models import REFUSED, WAITING, DataEntry, KafkaFailure

STREAM_PAGE = 2000  # rows in memory at a time
BEFORE_ALL = -(2**63)  # of what an id may be

# PostgreSQL writes the JSON itself, 5 times as fast as we would.
_PAGE_AS_JSON = """
    SELECT max(id), string_agg(json_build_object(
        'id', id, 'content', content,
        'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text, ',' ORDER BY id)
    FROM ({}) AS page"""


def stream_entries(entries: QuerySet[Any]) -> Iterator[bytes]:
    """Yield rows of id, content and created_at by id as one JSON array, STREAM_PAGE rows in memory at a time."""
    render = _page_from_postgresql if connection.vendor == "postgresql" else _page_from_rows
    after, opening = BEFORE_ALL, b"["
    while page := render(entries.filter(pk__gt=after).order_by("pk")[:STREAM_PAGE]):
        after, *pieces = page
        page = None  # while its reader takes his time, nobody holds what is on its way
        yield opening + pieces.pop()
        opening = b","
    yield b"[]" if opening == b"[" else b"]"


def _page_from_postgresql(page: QuerySet[Any]) -> tuple[int, bytes] | None:
    rows, parameters = page.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_PAGE_AS_JSON.format(rows), parameters)
        last, text = cursor.fetchone()
    return (last, text.encode()) if text else None


def _page_from_rows(page: QuerySet[Any]) -> tuple[int, bytes] | None:
    rows = list(page)
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


def why_waiting(oldest: datetime | None) -> str:
    """Return why Kafka last failed in a sentence, if that was after the oldest that waits came: it waits for that. Else ""."""
    if oldest is None:
        return ""
    failure = KafkaFailure.objects.filter(happened_at__gte=oldest).order_by("-happened_at").first()
    return str(failure) if failure else ""


def situation(limit: int) -> dict[str, Any]:
    """Return how much waits for Kafka (counted up to just past `limit`), for how long, and how much it refused."""
    oldest = oldest_waiting()
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    return {
        "waiting": count_waiting(limit),
        "oldest_waiting_seconds": round(max(age, 0.0), 1),
        "refused": DataEntry.objects.filter(REFUSED).count(),
    }
