"""Export and import the whole registry as JSON lines: one record with its history per line, deleted ones included.

A line: `{"id", "registered_on", "name", "payload", "deleted_at", "history": [{"action", "by", "at"}]}`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from config.access import audit
from metadata_registry.exceptions import ImportRefused
from metadata_registry.models import Metadata, MetadataEvent
from metadata_registry.payloads import payload_errors

CHUNK = 500  # records held at a time

Action = MetadataEvent.Action
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Content = tuple[datetime, str, str]  # what makes two records of one id the same: registered_on, name, payload


def _check_text(name: str, text: str) -> None:
    if "\0" in text:
        raise ValueError(f"{name} holds U+0000.")


def _check_moment(name: str, moment: datetime | None) -> None:
    try:
        _ = moment and moment.astimezone(UTC)
    except OverflowError:  # the first or the last day there is, by an offset
        raise ValueError(f"{name} must be of a year from 1 to 9999 in UTC.") from None


class Event(msgspec.Struct):
    """An event of a record's history."""

    action: Action
    by: Annotated[str, msgspec.Meta(max_length=255)]
    at: Moment

    def __post_init__(self) -> None:
        _check_text("by", self.by)
        _check_moment("at", self.at)


class Line(msgspec.Struct):
    """A record with its history, as one line of an export."""

    id: UUID
    registered_on: Moment
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    payload: str
    deleted_at: Moment | None = None
    history: list[Event] = []

    def __post_init__(self) -> None:
        _check_text("name", self.name)
        _check_moment("registered_on", self.registered_on)
        _check_moment("deleted_at", self.deleted_at)

    @property
    def content(self) -> Content:
        """What must be the same for the line to say nothing new."""
        return self.registered_on, self.name, self.payload


@dataclass
class ImportCounts:
    """How many lines were added, how many were there already, and how many cannot be taken."""

    added: int = 0
    unchanged: int = 0
    refused: int = 0


Refuse = Callable[[ImportRefused], None]


def export_lines() -> Iterator[bytes]:
    """Yield every record as a line, in the order of registration, in bounded memory."""
    events = Prefetch("events", MetadataEvent.objects.order_by("id"))
    for record in Metadata.objects.order_by("id").prefetch_related(events).iterator(chunk_size=CHUNK):
        history = [Event(Action(event.action), event.by, event.at) for event in record.events.all()]
        yield (
            msgspec.json.encode(
                Line(record.pk, record.registered_on, record.name, record.payload, record.deleted_at, history)
            )
            + b"\n"
        )


@transaction.atomic
def import_lines(lines: Iterable[bytes]) -> ImportCounts:
    """Add the records that are not there yet; one that is there stays as it is, deleted or not.

    Raises ImportRefused, and imports nothing, when a line cannot be taken: it is no record, its payload breaks the schema, or
    its id belongs to a record that says something else.
    """
    counts = _add(lines, _raise)
    if counts.added:
        audit.record("import_metadata", audit.Target(Metadata._meta.label_lower), added=counts.added)
    return counts


@transaction.atomic
def check_lines(lines: Iterable[bytes], refuse: Refuse) -> ImportCounts:
    """Find out what import_lines would do: the same, undone at its end. Calls `refuse` for each line that cannot be taken."""
    counts = _add(lines, refuse)
    transaction.set_rollback(True)
    return counts


def _raise(refused: ImportRefused) -> None:
    raise refused


def _add(lines: Iterable[bytes], refuse: Refuse) -> ImportCounts:
    counts = ImportCounts()

    def count_and_refuse(refused: ImportRefused) -> None:
        counts.refused += 1
        refuse(refused)

    parsed = _parsed(lines, count_and_refuse)
    while chunk := list(islice(parsed, CHUNK)):
        refused = counts.refused
        new = _new_records(chunk, count_and_refuse)
        Metadata.objects.bulk_create(_record(line) for line in new)
        MetadataEvent.objects.bulk_create(event for line in new for event in _events(line))
        counts.added += len(new)
        counts.unchanged += len(chunk) - len(new) - (counts.refused - refused)
    return counts


def _parsed(lines: Iterable[bytes], refuse: Refuse) -> Iterator[tuple[int, Line]]:
    for number, text in enumerate(lines, 1):
        if text.strip():
            try:
                line = _parse(number, text)
            except ImportRefused as refused:
                refuse(refused)
            else:
                yield number, line


def _parse(number: int, text: bytes) -> Line:
    try:
        line = msgspec.json.decode(text, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImportRefused(_("Line %(number)s: %(error)s") % {"number": number, "error": error}) from error
    for place, message in payload_errors(line.payload):
        raise ImportRefused(
            _("Line %(number)s: %(place)s: %(message)s")
            % {"number": number, "place": ".".join(filter(None, ("payload", place))), "message": message}
        )
    return line


def _new_records(chunk: list[tuple[int, Line]], refuse: Refuse) -> list[Line]:
    stored = Metadata.objects.filter(pk__in=[line.id for _, line in chunk])
    known = {record.pk: (record.registered_on, record.name, record.payload) for record in stored}
    new = []
    for number, line in chunk:
        if line.id not in known:
            new.append(line)
            known[line.id] = line.content
        elif known[line.id] != line.content:
            refuse(
                ImportRefused(
                    _("Line %(number)s: the id %(id)s belongs to a record that says something else.")
                    % {"number": number, "id": line.id}
                )
            )
    return new


def _record(line: Line) -> Metadata:
    return Metadata(
        id=line.id,
        registered_on=line.registered_on,
        name=line.name,
        payload=line.payload,
        deleted_at=line.deleted_at,
    )


def _events(line: Line) -> Iterator[MetadataEvent]:
    for event in line.history:
        yield MetadataEvent(metadata_id=line.id, action=event.action, by=event.by, at=event.at)
