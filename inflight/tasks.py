"""Background tasks of inflight. Each looks for due rows; running one twice, or never, is harmless."""

from config.api.imports import folders
from inflight.services import batches, deliveries, imports, people, pickup


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
    folders.drop_old_uploads()


def drop_old_payloads() -> None:
    """Forget the bytes of batches acknowledged long ago."""
    batches.drop_old_payloads()


def drop_old_attempts() -> None:
    """Forget attempts made long ago."""
    batches.drop_old_attempts()


def erase_expired_customers() -> None:
    """Erase the customers that are kept for longer than they may be."""
    people.erase_expired_customers()


def drop_old_rejects() -> None:
    """Drop the rejected rows of imports of long ago."""
    people.drop_old_rejects()
