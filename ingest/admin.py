"""Entries for people: what waits, what Kafka refused and why, and trying again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from config.common.admin import ReadOnlyAdmin
from ingest import services
from ingest.models import REFUSED, WAITING, DataEntry


class StateFilter(admin.SimpleListFilter):
    """Filters by how far an entry got."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "waiting for Kafka"), ("refused", "refused by Kafka"), ("published", "published")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataEntry]) -> QuerySet[DataEntry]:
        match self.value():
            case "waiting":
                return queryset.filter(WAITING)
            case "refused":
                return queryset.filter(REFUSED)
            case "published":
                return queryset.filter(published_at__isnull=False)
        return queryset


@admin.register(DataEntry)
class DataEntryAdmin(ReadOnlyAdmin):
    """To look at, not to edit: what was published cannot be taken back."""

    list_display = ("id", "shortened", "created_at", "published_at", "refusal")
    list_filter = (StateFilter,)
    ordering = ("-id",)
    actions = ("try_again",)

    @admin.display(description="content")
    def shortened(self, entry: DataEntry) -> str:
        return str(entry.content)[:80]

    @admin.action(description="Try refused entries again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[DataEntry]) -> None:
        retried = services.retry_refused(list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{retried} refused entries wait for Kafka again.")
