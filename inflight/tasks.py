"""Background tasks of inflight. Each looks for due rows; running one twice, or never, is harmless."""

from inflight.services import deliveries, imports, pickup, uploads


def run_queued_imports() -> None:
    """Run the imports that wait, and mark those that died."""
    imports.run_queued_imports()


def pick_up() -> None:
    """Look for files in the inbox, and go on with what was found there."""
    pickup.pick_up()


def deliver_due() -> None:
    """Go on with the delivery that is due."""
    deliveries.deliver_due()


def drop_old_uploads() -> None:
    """Delete the files that operators uploaded long ago."""
    uploads.drop_old_uploads()


def drop_old_payloads() -> None:
    """Forget the bytes of batches acknowledged long ago."""
    deliveries.drop_old_payloads()
