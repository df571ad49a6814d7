"""Admin of the audit: who did what, on what, from where. Nobody can add to it, change it or delete from it."""

from typing import Any

import auditlog.admin  # noqa: F401 - it registers what is unregistered here
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from config.admin.base import ReadOnlyAdmin
from config.core.admin_columns import badge, link_to, listed
from config.models import AuditEntry

admin.site.unregister(AuditEntry)  # django-auditlog's own, for its own table

# From one name to the next by the index: DISTINCT would read the whole table.
NAMES = """
WITH RECURSIVE names(name) AS (
    SELECT MIN(act) FROM config_auditentry
    UNION ALL
    SELECT (SELECT MIN(act) FROM config_auditentry WHERE act > name) FROM names WHERE name IS NOT NULL
)
SELECT name FROM names WHERE name IS NOT NULL
"""


class ActFilter(admin.SimpleListFilter):
    """Filter by what was done: what there is in the table."""

    title = gettext_lazy("action")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(NAMES)
            return [(name, gettext(name).replace("_", " ")) for (name,) in cursor.fetchall()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(act=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The audit, the newest first."""

    icon = "policy"
    list_display = ("at", "who", "actor", "done", "about", "object_name", "address")
    list_filter = ("actor_type", ActFilter, "at")
    search_fields = ("actor__exact", "request_id__exact", "address__exact", "object_key__exact")
    search_help_text = gettext_lazy("Exact actor, object, request ID or address")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "at", "actor_type", "actor", "done", "about", "object_name", "changed", "said", "address", "request_id",
    )  # fmt: skip
    readonly_fields = ("done", "about", "changed", "said")
    changed = listed("changes")
    said = listed("details")
    who = badge("actor_type", {"user": "success", "client": "info", "command": "warning"})

    @admin.display(description=gettext_lazy("action"))
    def done(self, entry: AuditEntry) -> str:
        return entry.words

    @admin.display(description=gettext_lazy("object"))
    def about(self, entry: AuditEntry) -> SafeString | str:
        """Return what it was about, as a link where the admin shows such rows; the row may be gone."""
        name = " ".join(filter(None, [entry.object_type.rpartition(".")[2], entry.object_key]))
        try:
            model = apps.get_model(entry.object_type)
            name = " ".join(filter(None, [str(model._meta.verbose_name), entry.object_key]))
            return link_to(model, entry.object_key, name) if entry.object_key else name
        except (LookupError, ValueError, NoReverseMatch):  # such as a file, which is no row
            return name
