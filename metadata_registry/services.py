"""Services of the registry. Each change and its line of history are one transaction."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from config.access import audit
from config.api.idempotency import link_resource
from metadata_registry.models import Metadata, MetadataEvent
from metadata_registry.selectors import no_metadata, uuid_of

DROP_BATCH = 1000
ACTS = {
    MetadataEvent.Action.CREATED: gettext_noop("create_metadata"),
    MetadataEvent.Action.DELETED: gettext_noop("delete_metadata"),
    MetadataEvent.Action.RESTORED: gettext_noop("restore_metadata"),
}


@transaction.atomic
def create_metadata(*, name: str, payload: str, by: str) -> Metadata:
    """Register a record; the payload has been checked (payloads.payload_errors)."""
    metadata = Metadata.objects.create(name=name, payload=payload)
    _record(metadata, MetadataEvent.Action.CREATED, by)
    link_resource(str(metadata.pk))
    return metadata


@transaction.atomic
def delete_metadata(metadata_id: str, *, by: str) -> None:
    """Turn a record into a tombstone. Raises MetadataNotFound when it is none or deleted already."""
    live = Metadata.objects.filter(pk=uuid_of(metadata_id), deleted_at=None)
    if not live.update(deleted_at=timezone.now()):
        raise no_metadata(metadata_id)
    _record(Metadata(pk=uuid_of(metadata_id)), MetadataEvent.Action.DELETED, by)


@transaction.atomic
def restore_metadata(metadata_id: str, *, by: str) -> Metadata:
    """Bring a deleted record back with its data; one that is not deleted stays as it is, so that a repeat does no harm.

    Raises MetadataNotFound when it never was, or was dropped for good.
    """
    restored = Metadata.objects.filter(pk=uuid_of(metadata_id), deleted_at__isnull=False).update(deleted_at=None)
    metadata = Metadata.objects.filter(pk=uuid_of(metadata_id)).first()
    if metadata is None:
        raise no_metadata(metadata_id)
    if restored:
        _record(metadata, MetadataEvent.Action.RESTORED, by)
    return metadata


def drop_old_tombstones() -> int:
    """Drop for good, history included, what was deleted METADATA_RETENTION_DAYS ago; return how many records."""
    before = timezone.now() - timedelta(days=settings.METADATA_RETENTION_DAYS)
    dropped = 0
    while batch := _drop_batch_deleted_before(before):
        dropped += batch
    return dropped


@transaction.atomic
def _drop_batch_deleted_before(before: datetime) -> int:
    old = Metadata.objects.filter(deleted_at__lt=before).order_by("deleted_at")
    # Locked, so that none is restored between the deletion of its history and its own.
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:DROP_BATCH])
    MetadataEvent.objects.filter(metadata__in=ids).delete()
    Metadata.objects.filter(pk__in=ids).delete()
    return len(ids)


def _record(metadata: Metadata, action: MetadataEvent.Action, by: str) -> None:
    MetadataEvent.objects.create(metadata=metadata, action=action, by=by)
    audit.record(ACTS[action], metadata)
