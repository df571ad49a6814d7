"""Queries of the registry: rows as the API shows them, without model instances."""

from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from config.api.pagination import iterate_pages
from metadata_registry.exceptions import MetadataNotFound
from metadata_registry.models import Metadata

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
        raise MetadataNotFound("There is no metadata that fits.")
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


def uuid_of(metadata_id: str) -> UUID:
    """Return the UUID that a path names. Raises MetadataNotFound."""
    try:
        return UUID(metadata_id)
    except ValueError:
        raise no_metadata(metadata_id) from None


def no_metadata(metadata_id: str) -> MetadataNotFound:
    """Return the exception that says so."""
    return MetadataNotFound(f"There is no metadata with the id {metadata_id[:100]}.")
