"""The registry for people: search, read, register, delete, restore. A record never changes, so there is no editing."""

from typing import Any

import orjson
from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.common.admin import PlatformAdmin, ReadOnlyInline
from metadata_registry import services
from metadata_registry.models import Metadata, MetadataEvent
from metadata_registry.payloads import faults_of


class MetadataForm(forms.ModelForm[Metadata]):
    """Registers a record, under the same rules as the API."""

    payload = forms.CharField(widget=forms.Textarea, strip=False)

    class Meta:
        model = Metadata
        fields = ("name", "payload")

    def clean_payload(self) -> str:
        payload: str = self.cleaned_data["payload"]
        if faults := faults_of(payload):
            raise forms.ValidationError([f"{place}: {text}" if place else text for place, text in faults])
        return payload


class DeletedFilter(admin.SimpleListFilter):
    """Live records, unless the deleted ones are asked for."""

    title = "state"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("true", "Deleted")]

    def choices(self, changelist: Any) -> Any:
        everything, *others = super().choices(changelist)
        return [everything | {"display": "Live"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Metadata]) -> QuerySet[Metadata]:
        return queryset.filter(deleted_at__isnull=self.value() != "true")


class EventInline(ReadOnlyInline):
    """What happened to the record."""

    model = MetadataEvent
    fields = readonly_fields = ("action", "by", "at")
    ordering = ("id",)


@admin.register(Metadata)
class MetadataAdmin(PlatformAdmin):
    """Everything that changes a record goes through the services, and so into its history."""

    form = MetadataForm
    list_display = ("name", "id", "registered_on", "deleted_at")
    list_filter = (DeletedFilter,)
    search_fields = ("name", "id", "payload")
    search_help_text = "Name, id or any text of the payload"
    ordering = ("-id",)
    inlines = (EventInline,)
    actions = ("restore",)

    def get_fields(self, request: HttpRequest, obj: Metadata | None = None) -> tuple[str, ...]:
        return ("name", "id", "registered_on", "deleted_at", "pretty_payload") if obj else ("name", "payload")

    def has_change_permission(self, request: HttpRequest, obj: Metadata | None = None) -> bool:
        return False

    @admin.display(description="payload")
    def pretty_payload(self, metadata: Metadata) -> SafeString:
        """The payload indented; what is stored keeps its own spaces."""
        text = orjson.dumps(orjson.loads(metadata.payload), option=orjson.OPT_INDENT_2).decode()
        return format_html("<pre>{}</pre>", text)

    def save_model(self, request: HttpRequest, obj: Metadata, form: Any, change: Any) -> None:
        created = services.create_metadata(name=obj.name, payload=obj.payload, by=request.user.get_username())
        obj.pk = created.pk

    def delete_model(self, request: HttpRequest, obj: Metadata) -> None:
        services.delete_metadata(str(obj.pk), by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Metadata]) -> None:
        for metadata_id in queryset.filter(deleted_at=None).values_list("pk", flat=True):
            services.delete_metadata(str(metadata_id), by=request.user.get_username())

    @admin.action(description="Restore the selected deleted metadata", permissions=["delete"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Metadata]) -> None:
        """Bring the chosen records back."""
        for metadata_id in queryset.values_list("pk", flat=True):
            services.restore_metadata(str(metadata_id), by=request.user.get_username())
