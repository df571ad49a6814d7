"""Background tasks of ingest; running one twice, or never, is harmless."""

import logging

from django.db import DatabaseError

from config.core.disk import lacks_room, trouble_of
from ingest import services
from ingest.storage import retention

SECONDS = 50.0  # the next minute's run goes on
DROP_SECONDS = 20.0  # the same

logger = logging.getLogger(__name__)


def relay_waiting() -> None:
    """Publish what no relay has; where a disk is full, the next minute's run tries again."""
    try:
        services.relay_waiting(seconds=SECONDS)
    except DatabaseError as error:
        if not lacks_room(error):
            raise
        logger.warning("%s", trouble_of(error))


def drop_old_entries() -> None:
    """Drop what was published INGEST_RETENTION_DAYS ago."""
    retention.drop_old_entries(seconds=DROP_SECONDS)
