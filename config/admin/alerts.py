"""Admin of alerts and of the messages that told somebody."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from config.admin.base import ReadOnlyAdmin
from config.core.admin_columns import badge, indented, link_to
from config.core.kept_texts import translated
from config.core.moments import moment
from config.models import Alert, AlertMessage
from config.monitoring.alerts import channels

SEVERITIES = {"error": "danger", "warning": "warning"}
TOLD = {"sent": "success", "pending": "warning", "failed": "danger"}


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What is or was wrong, and who was told."""

    icon = "notifications"
    when_empty = gettext_lazy("Nothing is wrong, and nothing was: alerts appear here by themselves.")
    list_display = ("what", "how_bad", "state_now", "since", "ended_at", "told")
    list_filter = ("status", "severity")
    search_fields = ("key__istartswith",)
    search_help_text = gettext_lazy("Start of a key, such as delivery-12")
    ordering = (F("ended_at").desc(nulls_first=True), "-id")  # what is so now, first
    sortable_by = ()
    list_intro = "admin/alert_channels.html"
    fields = (
        "what", "detail", "page", "severity", "status", "since", "ended_at", "told", "told_at", "notice", "key",
    )  # fmt: skip
    readonly_fields = ("what", "page", "told")
    how_bad = badge("severity", SEVERITIES)
    state_now = badge("status", {"open": "danger", "ending": "warning", "over": "success"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        messages = AlertMessage.objects.defer("content").order_by("pk")
        return super().get_queryset(request).prefetch_related(Prefetch("messages", messages))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        configured = {"alert_channels": channels.configured()}
        return super().changelist_view(request, configured | (extra_context or {}))

    @admin.display(description=pgettext_lazy("of an alert", "title"))
    def what(self, alert: Alert) -> str:
        return str(alert)

    @admin.display(description=gettext_lazy("messages"))
    def told(self, alert: Alert) -> SafeString:
        """Return each message with its channel, when it was sent, or why not."""
        messages = [(_in_words(message),) for message in alert.messages.all()]
        return format_html_join("; ", "{}", messages or [(_("none"),)])

    @admin.display(description=gettext_lazy("page"))
    def page(self, alert: Alert) -> SafeString:
        return format_html('<a href="{}">{}</a>', alert.path, _("Open the page"))


def _in_words(message: AlertMessage) -> SafeString:
    words = {"sent": _("sent {when}"), "pending": _("next attempt {when}"), "failed": _("given up")}[message.status]
    told = format_html(words, when=moment(message.sent_at or message.next_attempt_at))
    error = f" ({translated(message.last_error)})" if message.last_error else ""
    return format_html("{} {}{}", link_to(AlertMessage, message.pk, message.get_channel_display()), told, error)


@admin.register(AlertMessage)
class AlertMessageAdmin(ReadOnlyAdmin):
    """Messages about alerts, one for each channel. Where they go to is in the settings."""

    icon = "forward_to_inbox"
    when_empty = gettext_lazy(
        "Nobody has been notified of an alert yet. The list of alerts says which settings notify people."
    )
    list_display = (
        "id",
        "channel",
        "what",
        "how",
        "attempts",
        "created_at",
        "sent_at",
        "next_attempt_at",
        "last_error",
    )
    list_filter = ("status", "channel")
    search_keys = ("id", "idempotency_key")
    search_help_text = gettext_lazy("A number, or an idempotency key")
    ordering = ("-id",)
    sortable_by = ("id",)
    fields = (
        "channel", "status", "attempts", "last_error", "created_at", "sent_at", "next_attempt_at", "idempotency_key",
        "indented_content",
    )  # fmt: skip
    readonly_fields = ("indented_content",)
    how = badge("status", TOLD)
    indented_content = indented("content")

    @admin.display(description=gettext_lazy("alert"))
    def what(self, message: AlertMessage) -> str:
        return translated(str(message.content.get("title", "")))
