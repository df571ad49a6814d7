"""Admin of pickups: what was found in the inbox, and what became of it."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin.base import ReadOnlyAdmin
from config.core.addresses import may_hold_password
from config.core.admin_columns import badge, link_to, shortened
from config.core.kept_texts import translated
from inflight.models import Delivery, ImportRun, Pickup
from inflight.services.pickup import STILL_SECONDS

TONES = {"done": "success", "repeated": "info", "failed": "danger", "sending": "warning"}


@admin.register(Pickup)
class PickupAdmin(ReadOnlyAdmin):
    """Pairs of files from the inbox, each leading to its import and its delivery."""

    icon = "inbox"
    when_empty = gettext_lazy(
        "No files have been picked up yet. Put a customers file and a purchases file into the inbox."
    )
    list_display = ("id", "state", "what_is_wrong", "files", "of_import", "in_delivery", "created_at", "finished_at")
    list_filter = ("status", "created_at")
    search_keys = ("id",)
    search_fields = ("customers_name__istartswith", "purchases_name__istartswith")
    search_help_text = gettext_lazy("A number, or the start of a file's name")
    ordering = ("-id",)
    sortable_by = ("id",)
    list_intro = "admin/inflight/pickup/inbox.html"
    fields = (
        "status", "error", "of_import", "in_delivery", "inbox", "customers_name", "customers_bytes", "customers_sha256",
        "purchases_name", "purchases_bytes", "purchases_sha256", "attempts", "created_at", "finished_at",
    )  # fmt: skip
    readonly_fields = ("of_import", "in_delivery")
    state = badge("status", TONES)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        place = {
            "inbox": "" if may_hold_password(settings.IMPORT_INBOX) else settings.IMPORT_INBOX,
            "pattern": settings.IMPORT_INBOX_PATTERN,
            "purchases_pattern": settings.IMPORT_INBOX_PATTERN.lower().replace("customers", "purchases"),
            "still_seconds": int(STILL_SECONDS),
            "then_send": settings.IMPORT_THEN_SEND,
        }
        return super().changelist_view(request, place | (extra_context or {}))

    @admin.display(description=gettext_lazy("files"))
    def files(self, pickup: Pickup) -> str:
        if len(pickup.names) == 1:
            said = (
                _("%(file)s waits for its purchases file")
                if pickup.customers_name
                else _("%(file)s waits for its customers file")
            )
            return said % {"file": pickup.names[0]}
        return " + ".join(pickup.names)

    @admin.display(description=gettext_lazy("import"))
    def of_import(self, pickup: Pickup) -> SafeString | None:
        return link_to(ImportRun, pickup.run_id) if pickup.run_id else None

    @admin.display(description=gettext_lazy("delivery"))
    def in_delivery(self, pickup: Pickup) -> SafeString | None:
        return link_to(Delivery, pickup.delivery_id) if pickup.delivery_id else None

    @admin.display(description=gettext_lazy("error"))
    def what_is_wrong(self, pickup: Pickup) -> str:
        return shortened(translated(pickup.error))
