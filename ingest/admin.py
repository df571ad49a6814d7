"""Admin of entries: pending and refused ones, why, and publishing them again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Left
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from config.admin.base import Operation, ReadOnlyAdmin
from config.core.admin_columns import coloured, grouped, indented, shortened
from ingest import services
from ingest.models import REFUSED, WAITING, DataEntry, KafkaFailure
from ingest.selectors import newest_entries

SHOWN = 80  # characters of a content, in the list
SEARCHED = 100_000  # entries, the newest, whose contents a search reads


class StateFilter(admin.SimpleListFilter):
    """Filter by the state of publication."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("waiting", _("waiting for Kafka")),
            ("refused", _("refused by Kafka")),
            ("published", _("published")),
        ]

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
    """Entries, read-only: what was published cannot be changed."""

    icon = "database"
    when_empty = gettext_lazy(
        "There are no entries yet. Programs send them with POST /api/data; the API docs have an example."
    )
    list_display = ("id", "state", "reason", "beginning", "created_at", "published_at")
    list_filter = (StateFilter,)
    fields = ("id", "created_at", "published_at", "refusal", "json", "key", "given_headers", "claimed_until")
    readonly_fields = ("json", "given_headers")
    json = indented("content")
    given_headers = indented("headers")
    search_keys = ("id",)
    search_fields = ("content",)
    search_help_text = format_lazy(
        gettext_lazy("An ID, or any text in the newest {searched}"), searched=lazy(grouped, str)(SEARCHED)
    )
    ordering = ("-id",)
    sortable_by = ("id",)
    actions = ("publish_again",)
    operations = {
        "publish_again": Operation(
            gettext_lazy("Publish again"),
            gettext_lazy("The entry is queued for Kafka again, although Kafka has refused it before."),
            "replay",
        )
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataEntry]:
        """Read of each content only what is shown: it may have a megabyte."""
        entries = super().get_queryset(request).defer("content")
        shown: QuerySet[DataEntry] = entries.annotate(beginning=Left(Cast("content", TextField()), SHOWN + 1))
        return shown

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[DataEntry], search_term: str
    ) -> tuple[QuerySet[DataEntry], bool]:
        recent = queryset if not search_term or search_term.isdigit() else newest_entries(queryset, SEARCHED)
        return super().get_search_results(request, recent, search_term)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ingest.publish_entries")

    def applies(self, operation: str, row: DataEntry) -> bool:
        return bool(row.refusal) and row.published_at is None

    @admin.display(description=gettext_lazy("state"))
    def state(self, entry: DataEntry) -> SafeString:
        if entry.published_at:
            return coloured(pgettext("entry", "published"), "success")
        if entry.refusal:
            return coloured(pgettext("entry", "refused"), "danger")
        return coloured(pgettext("entry", "waiting"), "warning")

    @admin.display(description=gettext_lazy("content"))
    def beginning(self, entry: Any) -> str:
        return shortened(entry.beginning, SHOWN)

    @admin.display(description=gettext_lazy("refusal"))
    def reason(self, entry: DataEntry) -> str:
        return shortened(entry.refusal)

    @admin.action(description=gettext_lazy("Publish refused entries again"), permissions=["publish"])
    def publish_again(self, request: HttpRequest, queryset: QuerySet[DataEntry]) -> None:
        """Let refused entries wait for Kafka again."""
        retried = services.retry_refused(list(queryset.values_list("pk", flat=True)))
        self.message_user(request, _("%(retried)s refused entries are waiting for Kafka again.") % {"retried": retried})


@admin.register(KafkaFailure)
class KafkaFailureAdmin(ReadOnlyAdmin):
    """Why Kafka did not take entries, the latest reason first."""

    icon = "cloud_off"
    when_empty = gettext_lazy("Kafka has taken all entries. There is nothing to do.")
    list_display = ("reason", "happened_at")
    search_fields = ("sentence",)
    search_help_text = gettext_lazy("Part of a reason")
    ordering = ("-happened_at",)

    @admin.display(description=gettext_lazy("reason"), ordering="sentence")
    def reason(self, failure: KafkaFailure) -> str:
        """Return the sentence in the reader's language."""
        return str(failure)
