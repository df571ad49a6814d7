"""Admin of what throttling counts."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from config.admin.base import ReadOnlyAdmin
from config.models import FailedAttempts, RequestQuota


@admin.register(FailedAttempts)
class FailedAttemptsAdmin(ReadOnlyAdmin):
    """How many wrong passwords, codes or tokens came in a row, and until when no more are looked at. The log says whose."""

    icon = "block"
    when_empty = gettext_lazy("Nobody has failed to log in or to call the API lately. There is nothing to do.")
    list_display = ("id", "kind", "count", "failed_at", "blocked_until")
    list_filter = ("kind",)
    search_keys = ("id",)
    search_help_text = gettext_lazy("A number")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("kind", "count", "failed_at", "blocked_until")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedAttempts]:
        """Return those that failed: an attempt that succeeded leaves a row with a count of zero."""
        return super().get_queryset(request).filter(count__gt=0)


@admin.register(RequestQuota)
class RequestQuotaAdmin(ReadOnlyAdmin):
    """How many requests the web processes have taken in advance for API clients, of the minute that was last begun."""

    icon = "speed"
    when_empty = gettext_lazy("No API client with a limit has called yet. Limits are set on the page of a client.")
    list_display = ("key", "taken")
    search_fields = ("key__startswith",)
    search_help_text = gettext_lazy("Start of a client's name, such as client:till")
    ordering = sortable_by = ("key",)
    fields = ("key", "taken")
