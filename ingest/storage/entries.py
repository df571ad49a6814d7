"""Bulk SQL of the hot path, for each database: insert and mark many rows in one round trip.

Django's bulk_create and `pk__in` do the same for 15 and 4 times the CPU (docs/decisions/0031).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.db import connection
from django.db.models import F, Func, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from ingest.models import DataEntry
from ingest.publisher import Record


class Entry(NamedTuple):
    """An entry as it is taken in; `key` and `headers` become the record's."""

    content: str
    key: str | None = None
    headers: dict[str, str] | None = None
    traceparent: str | None = None  # of who sent it


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
# The same with a key, headers or a traceparent. Without them nobody pays for the columns.
_INSERT_WHOLE = {
    "postgresql": """
        INSERT INTO data_entries (content, created_at, claimed_until, refusal, key, headers, traceparent)
        SELECT to_jsonb(content), %s, %s, '', key, headers::jsonb, traceparent
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
            WITH ORDINALITY AS given(content, key, headers, traceparent, place)
        ORDER BY place RETURNING id""",
    "sqlite": """
        INSERT INTO data_entries (content, created_at, claimed_until, refusal, "key", headers, traceparent)
        SELECT json_quote(json_extract(value, '$[0]')), %s, %s, '', json_extract(value, '$[1]'), json_extract(value, '$[2]'),
            json_extract(value, '$[3]')
        FROM json_each(%s) AS given ORDER BY given.key RETURNING id""",
}
_PLAIN = (None, None, None)  # key, headers and traceparent of an entry that has none of them
_STAMP = {
    "postgresql": "UPDATE data_entries SET {column} = %s WHERE id = ANY(%s)",
    "sqlite": "UPDATE data_entries SET {column} = %s WHERE id IN (SELECT value FROM json_each(%s))",
}
_MOMENT_AS_JSON = {
    "postgresql": """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "sqlite": "replace(%(expressions)s, ' ', 'T') || 'Z'",
}


def insert_entries(entries: Sequence[Entry], *, lease: timedelta) -> list[Record]:
    """Insert one row per entry, all or none, claimed for so long; return them in the same order."""
    now = timezone.now()
    moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (now, now + lease)]
    statement, arrays = _insertion(entries)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*moments, *arrays])
        ids = sorted(row[0] for row in cursor.fetchall())
    return [
        Record(entry_id, content, now, traceparent, key, headers)
        for entry_id, (content, key, headers, traceparent) in zip(ids, entries, strict=True)
    ]


def _insertion(entries: Sequence[Entry]) -> tuple[str, list[Any]]:
    """Return the statement, and the arrays that it takes after the moments."""
    vendor = connection.vendor
    if all(entry[1:] == _PLAIN for entry in entries):
        return _INSERT[vendor], [_array([entry.content for entry in entries])]
    if vendor == "sqlite":
        return _INSERT_WHOLE[vendor], [orjson.dumps([tuple(entry) for entry in entries]).decode()]
    contents, keys, headers, traceparents = map(list, zip(*entries, strict=True))
    texts = [None if given is None else orjson.dumps(given).decode() for given in headers]
    return _INSERT_WHOLE[vendor], [contents, keys, texts, traceparents]


def read_records(entries: QuerySet[DataEntry], *, most_bytes: int) -> list[Record]:
    """Return the records of these entries, in their order, until their contents have so many bytes.

    Contents and moments come as the JSON that they are published as: to parse them and write them again cost more than
    all else that is done with a row.
    """
    records, size = [], 0
    moment = Func(F("created_at"), template=_MOMENT_AS_JSON[connection.vendor], output_field=TextField())
    rows = entries.values_list("pk", Cast("content", TextField()), moment, "traceparent", "key", "headers")
    for entry_id, text, created_at, *given in rows.iterator(chunk_size=READ_ROWS):
        content = text.encode()
        records.append(Record(entry_id, orjson.Fragment(content), created_at, *given))
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
