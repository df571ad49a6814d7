"""Panel of the registry on the admin's first page."""

from django.conf import settings
from django.urls import reverse

from config.core.admin_columns import capped, list_address
from config.monitoring.dashboard import Figure, Next, Panel
from metadata_registry.models import Metadata


def records() -> Panel:
    """Return how many records there are, and how many can be restored."""
    live, deleted = Metadata.objects.filter(deleted_at=None), Metadata.objects.filter(deleted_at__isnull=False)
    register = Next(
        "Nothing is registered yet.",
        reverse("admin:metadata_registry_metadata_add"),
        "Register metadata",
        "metadata_registry.add_metadata",
    )
    return Panel(
        [
            Figure("records", capped(live), list_address(Metadata)),
            Figure(
                f"deleted, restorable for {settings.METADATA_RETENTION_DAYS} days", capped(deleted),
                list_address(Metadata, deleted="true"),
            ),
        ],
        next=None if Metadata.objects.exists() else register,
    )  # fmt: skip
