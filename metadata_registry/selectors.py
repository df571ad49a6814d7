"""Queries of the registry: rows as the API shows them, without model instances."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, cast
from uuid import UUID

from django.db.models import Count, Max, QuerySet, TextField, UUIDField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from config.api.pagination import iterate_pages
from metadata_registry.exceptions import MetadataNotFound
from metadata_registry.models import Metadata, MetadataEvent

Row = dict[str, Any]

FIELDS = ("id", "registered_on", "name", "payload")


def metadata_rows(*, deleted: bool = False) -> QuerySet[Metadata, Row]:
    """Return the live records, or the tombstones, in the order of registration."""
    records = Metadata.objects.filter(deleted_at__isnull=not deleted).order_by("id")
    fields = (*FIELDS, "deleted_at") if deleted else FIELDS
    rows: QuerySet[Metadata, Row] = records.values(*fields)
    return rows


def stream_rows(rows: QuerySet[Metadata, Row]) -> Iterator[Row]:
    """Return all rows in bounded memory. Raises MetadataNotFound when there is none."""
    pages = iterate_pages(rows, "id")
    return chain(not_empty(next(pages, [])), chain.from_iterable(pages))


def not_empty(rows: list[Row]) -> list[Row]:
    """Return the rows, or raise MetadataNotFound when there is none."""
    if not rows:
        raise MetadataNotFound(_("No metadata matches."))
    return rows


def row_of(metadata: Metadata) -> Row:
    """Return a record as the API shows it."""
    return {field: getattr(metadata, field) for field in FIELDS}


def metadata_row(metadata_id: str) -> Row:
    """Return one live record. Raises MetadataNotFound, also for an id that is no UUID."""
    row = metadata_rows().filter(pk=uuid_of(metadata_id)).first()
    if row is None:
        raise no_metadata(metadata_id)
    return row


def latest_row(name: str) -> Row:
    """Return the live record of a name that was registered last. Raises MetadataNotFound."""
    row: Row | None = newest_first(name).values(*FIELDS).first()
    if row is None:
        raise MetadataNotFound(_("There is no metadata with the name %(name)s.") % {"name": name[:100]})
    return row


def name_rows() -> QuerySet[Metadata, Row]:
    """Return each name of live records once: how many records it has, and the id of the newest.

    A page reads what the index has of its names, and no more.
    """
    newest = Cast(Max(Cast("pk", TextField())), UUIDField())  # PostgreSQL has no max of UUIDs
    live = Metadata.objects.filter(deleted_at=None)
    names: Any = live.values("name").annotate(records=Count("*"), newest=newest)
    return cast(QuerySet[Metadata, Row], names)


def history_rows(metadata_id: str) -> QuerySet[MetadataEvent, Row]:
    """Return what happened to a record, the oldest first, also of a deleted one. Raises MetadataNotFound."""
    key = uuid_of(metadata_id)
    if not Metadata.objects.filter(pk=key).exists():
        raise no_metadata(metadata_id)
    rows: Any = MetadataEvent.objects.filter(metadata=key).values("id", "action", "by", "at")
    return cast(QuerySet[MetadataEvent, Row], rows)


def record_before(metadata: Metadata) -> Metadata | None:
    """Return the live record of the same name that was registered before this one."""
    return newest_first(metadata.name).filter(pk__lt=metadata.pk).first()


def newest_first(name: str) -> QuerySet[Metadata]:
    """Return the live records of a name, the one that was registered last first."""
    # As a range of one name, in an order that only the index of names has: PostgreSQL would read the newest records of all
    # names where it takes this one to be among them.
    return Metadata.objects.filter(name__gte=name, name__lte=name, deleted_at=None).order_by("-name", "-id")


def uuid_of(metadata_id: str) -> UUID:
    """Return the UUID that a path names. Raises MetadataNotFound."""
    try:
        return UUID(metadata_id)
    except ValueError:
        raise no_metadata(metadata_id) from None


def no_metadata(metadata_id: str) -> MetadataNotFound:
    """Return the exception that says so."""
    return MetadataNotFound(_("There is no metadata with the id %(metadata_id)s.") % {"metadata_id": metadata_id[:100]})
