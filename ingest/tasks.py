"""Background tasks of ingest; running one twice, or never, is harmless."""

from ingest import services

SECONDS = 50.0  # the next minute's run goes on


def relay_waiting() -> None:
    """Publish what no relay has."""
    services.relay_waiting(seconds=SECONDS)
