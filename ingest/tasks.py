"""Background tasks of ingest; running one twice, or never, is harmless."""

from ingest import services
from ingest.storage import retention

SECONDS = 50.0  # the next minute's run goes on
DROP_SECONDS = 20.0  # the same


def relay_waiting() -> None:
    """Publish what no relay has."""
    services.relay_waiting(seconds=SECONDS)


def drop_old_entries() -> None:
    """Drop what was published INGEST_RETENTION_DAYS ago."""
    retention.drop_old_entries(seconds=DROP_SECONDS)
