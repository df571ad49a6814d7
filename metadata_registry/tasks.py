"""Background tasks of the registry. Running one twice, or late, is harmless."""

from metadata_registry import services


def drop_old_tombstones() -> None:
    """Drop for good what was deleted METADATA_RETENTION_DAYS ago."""
    services.drop_old_tombstones()
