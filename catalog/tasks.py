"""Background tasks of the catalogue. Each looks for due rows; running one twice, or never, is harmless."""

import contextlib

from catalog.exceptions import RefreshInProgress
from catalog.services import history, imports, refresh, registration


def register_products() -> None:
    """Register what is pending, and fetch the first offers of what now is registered."""
    if registered := registration.register_due_products():
        with contextlib.suppress(RefreshInProgress):
            refresh.refresh_offers(product_ids=registered)


def refresh_offers() -> None:
    """Ask for the offers of all registered products, unless that is going on."""
    with contextlib.suppress(RefreshInProgress):
        refresh.refresh_offers()


def run_queued_imports() -> None:
    """Run the imports of products that wait, and mark those that died."""
    imports.importer.run_queued()


def drop_old_history() -> None:
    """Forget what is older than HISTORY_RETENTION_DAYS."""
    history.drop_old_history()


def drop_old_rejects() -> None:
    """Drop the rejected rows of imports of long ago."""
    imports.drop_old_rejects()
