"""Bulk SQL of the hot path, for each database: insert and mark many rows in one round trip.

Django's bulk_create and `pk__in` do the same for 15 and 4 times the CPU (docs/decisions/0031).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection
from django.db.models import F, Func, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from ingest.models import DataEntry
from ingest.publisher import Record

Given = tuple[str, str | None]  # a content, and the traceparent of who sent it

READ_ROWS = 100  # from PostgreSQL at a time: so many of the largest may be in memory

# Ids are given in the order of the array, so that sorting them pairs them with the contents again.
_INSERT = {
    "postgresql": """
        INSERT INTO data_entries (content, created_at, claimed_until, refusal)
        SELECT to_jsonb(content), %s, %s, '' FROM unnest(%s::text[]) WITH ORDINALITY AS given(content, place)
        ORDER BY place RETURNING id""",
    "sqlite": """
        INSERT INTO data_entries (content, created_at, claimed_until, refusal)
        SELECT json_quote(value), %s, %s, '' FROM json_each(%s) ORDER BY key RETURNING id""",
}
# The same while traces are on. Without them nobody pays for the column.
_INSERT_TRACED = {
    "postgresql": """
        INSERT INTO data_entries (content, created_at, claimed_until, refusal, traceparent)
        SELECT to_jsonb(content), %s, %s, '', traceparent
        FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given(content, traceparent, place)
        ORDER BY place RETURNING id""",
    "sqlite": """
        INSERT INTO data_entries (content, created_at, claimed_until, refusal, traceparent)
        SELECT json_quote(json_extract(value, '$[0]')), %s, %s, '', json_extract(value, '$[1]')
        FROM json_each(%s) ORDER BY key RETURNING id""",
}
_STAMP = {
    "postgresql": "UPDATE data_entries SET {column} = %s WHERE id = ANY(%s)",
    "sqlite": "UPDATE data_entries SET {column} = %s WHERE id IN (SELECT value FROM json_each(%s))",
}
_MOMENT_AS_JSON = {
    "postgresql": """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "sqlite": "replace(%(expressions)s, ' ', 'T') || 'Z'",
}


def insert_contents(given: Sequence[Given], *, lease: timedelta) -> list[Record]:
    """Insert one row per content, all or none, claimed for so long; return them in the same order."""
    now = timezone.now()
    moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (now, now + lease)]
    statement, arrays = _insertion(given)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*moments, *arrays])
        ids = sorted(row[0] for row in cursor.fetchall())
    return [Record(entry_id, content, now, trace) for entry_id, (content, trace) in zip(ids, given, strict=True)]


def _insertion(given: Sequence[Given]) -> tuple[str, list[Any]]:
    """Return the statement, and the arrays that it takes after the moments."""
    vendor, contents = connection.vendor, [content for content, _ in given]
    if all(traceparent is None for _, traceparent in given):
        return _INSERT[vendor], [_array(contents)]
    if vendor == "postgresql":
        return _INSERT_TRACED[vendor], [contents, [traceparent for _, traceparent in given]]
    return _INSERT_TRACED[vendor], [orjson.dumps(given).decode()]


def read_records(entries: QuerySet[DataEntry], *, most_bytes: int) -> list[Record]:
    """Return the records of these entries, in their order, until their contents have so many bytes.

    Contents and moments come as the JSON that they are published as: to parse them and write them again cost more than
    all else that is done with a row.
    """
    records, size = [], 0
    moment = Func(F("created_at"), template=_MOMENT_AS_JSON[connection.vendor], output_field=TextField())
    rows = entries.values_list("pk", Cast("content", TextField()), moment, "traceparent")
    for entry_id, content, created_at, traceparent in rows.iterator(chunk_size=READ_ROWS):
        records.append(Record(entry_id, orjson.Fragment(content), created_at, traceparent))
        size += len(content)
        if size >= most_bytes:
            break
    return records


def end_idle_transaction_after(wait: timedelta) -> None:
    """Let PostgreSQL end this transaction when nothing is heard of its holder for so long: its machine may be gone."""
    with connection.cursor() as cursor:
        milliseconds = int(wait.total_seconds() * 1000)
        cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [str(milliseconds)])


def mark_published(ids: Sequence[int], *, published_at: datetime) -> None:
    """Mark these rows as acknowledged by Kafka."""
    _stamp(ids, "published_at", published_at)


def claim_until(ids: Sequence[int], *, claimed_until: datetime) -> None:
    """Let nobody else take these rows until then."""
    _stamp(ids, "claimed_until", claimed_until)


def _stamp(ids: Sequence[int], column: str, moment: datetime) -> None:
    with connection.cursor() as cursor:
        statement = _STAMP[connection.vendor].format(column=column)
        cursor.execute(statement, [connection.ops.adapt_datetimefield_value(moment), _array(ids)])


def _array(items: Sequence[str] | Sequence[int]) -> list[str] | list[int] | str:
    return [*items] if connection.vendor == "postgresql" else orjson.dumps(items).decode()
