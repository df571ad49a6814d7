"""Panel of the registry on the admin's first page."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from config.core.admin_columns import capped, list_address
from config.monitoring.dashboard import Figure, Next, Panel
from metadata_registry.models import Metadata


def records() -> Panel:
    """Return how many records there are, and how many can be restored."""
    live, deleted = Metadata.objects.filter(deleted_at=None), Metadata.objects.filter(deleted_at__isnull=False)
    register = Next(
        _("Nothing is registered yet."),
        reverse("admin:metadata_registry_metadata_add"),
        _("Register metadata"),
        "metadata_registry.add_metadata",
    )
    return Panel(
        [
            Figure(_("records"), capped(live), list_address(Metadata)),
            Figure(
                _("deleted, restorable for %(metadata_retention_days)s days")
                % {"metadata_retention_days": settings.METADATA_RETENTION_DAYS},
                capped(deleted),
                list_address(Metadata, deleted="true"),
            ),
        ],
        next=None if Metadata.objects.exists() else register,
    )  # fmt: skip
