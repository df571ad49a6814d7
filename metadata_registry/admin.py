"""Admin of the registry: search, read, register, delete, restore. Records never change, so there is no editing."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from config.admin.base import Operation, PlatformAdmin, ReadOnlyAdmin, ReadOnlyInline
from config.core.admin_columns import badge, link_to, pre
from config.core.moments import moment
from metadata_registry import selectors, services
from metadata_registry.differences import MOST_LINES, indented_payload, payload_differences
from metadata_registry.models import Metadata, MetadataEvent
from metadata_registry.payloads import payload_errors


class MetadataForm(forms.ModelForm[Metadata]):
    """Form that validates as the API does."""

    payload = forms.CharField(label=gettext_lazy("Payload"), widget=forms.Textarea, strip=False)

    class Meta:
        model = Metadata
        fields = ("name", "payload")

    def clean_payload(self) -> str:
        payload: str = self.cleaned_data["payload"]
        if errors := payload_errors(payload):
            raise forms.ValidationError([f"{place}: {text}" if place else text for place, text in errors])
        return payload


class DeletedFilter(admin.SimpleListFilter):
    """Show live or deleted records."""

    title = gettext_lazy("state")
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("true", pgettext("records", "Deleted"))]

    def choices(self, changelist: Any) -> Any:
        everything, *others = super().choices(changelist)
        return [everything | {"display": _("Live")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Metadata]) -> QuerySet[Metadata]:
        return queryset.filter(deleted_at__isnull=self.value() != "true")


class EventInline(ReadOnlyInline):
    """History of the record."""

    model = MetadataEvent
    fields = readonly_fields = ("action", "by", "at")
    ordering = ("id",)
    verbose_name_plural = gettext_lazy("history")


@admin.register(Metadata)
class MetadataAdmin(PlatformAdmin):
    """Records. Every change goes through the services, and so into the history."""

    icon = "description"
    when_empty = gettext_lazy("Nothing has been registered yet. Add a record, or send POST /api/metadata.")
    form = MetadataForm
    list_display = ("name", "id", "registered_on", "deleted_at")
    list_filter = (DeletedFilter, "registered_on")
    search_keys = ("id",)
    search_fields = ("name", "payload")
    search_help_text = gettext_lazy("An ID, or part of a name or a payload")
    ordering = ("-id",)
    sortable_by = ("id",)
    inlines = (EventInline,)
    actions = ("compare", "restore")
    operations = {
        "restore": Operation(
            gettext_lazy("Restore"),
            gettext_lazy("The record is live again, with the data and the ID that it had."),
            "restore_from_trash",
        )
    }

    def get_fields(self, request: HttpRequest, obj: Metadata | None = None) -> tuple[str, ...]:
        shown = ("name", "id", "registered_on", "deleted_at", "what_changed", "pretty_payload")
        return shown if obj else ("name", "payload")

    def get_urls(self) -> list[URLPattern]:
        return [self.own_path("<path:object_id>/compare/", "compare", self.show_differences), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Metadata]:
        return super().get_queryset(request).defer("payload")

    def has_change_permission(self, request: HttpRequest, obj: Metadata | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Metadata | None = None) -> bool:
        """A tombstone is deleted already."""
        return super().has_delete_permission(request, obj) and not (obj and obj.deleted_at)

    def has_restore_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("metadata_registry.restore_metadata")

    def applies(self, operation: str, row: Metadata) -> bool:
        return row.deleted_at is not None

    @admin.display(description=gettext_lazy("payload"))
    def pretty_payload(self, metadata: Metadata) -> SafeString:
        """The payload indented; what is stored keeps its own spaces."""
        return pre(indented_payload(metadata.payload))

    @admin.display(description=gettext_lazy("changes"))
    def what_changed(self, metadata: Metadata) -> SafeString | str:
        """Lead to the comparison with the record of this name that was registered before."""
        before = selectors.record_before(metadata)
        if before is None:
            return _("none: the first record of this name")
        text = _("Compare with the record before")
        return format_html(
            '<a href="{}">{}</a> ({})',
            self._address_of_comparison(metadata, before),
            text,
            moment(before.registered_on, "seconds"),
        )

    def _address_of_comparison(self, metadata: Metadata, before: Metadata) -> str:
        address = reverse(f"admin:{self.url_name('compare')}", args=(metadata.pk,))
        return f"{address}?with={before.pk}"

    def show_differences(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Show what differs between two records of a name: this one and `with`, by default the one before it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self._record(request, object_id)
        other = request.GET.get("with")
        before = self._record(request, other) if other else selectors.record_before(record)
        if before and before.name != record.name:
            raise Http404
        page = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Changes of %(name)s") % {"name": record.name},
            "records": [(each, self.address_of(each)) for each in (before, record) if each],
            "differences": payload_differences(before.payload, record.payload) if before else [],
            "most_lines": MOST_LINES,
        }
        return TemplateResponse(request, "admin/metadata_registry/differences.html", page)

    def save_model(self, request: HttpRequest, obj: Metadata, form: Any, change: Any) -> None:
        created = services.create_metadata(name=obj.name, payload=obj.payload, by=request.user.get_username())
        obj.pk = created.pk

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Deleting leaves a tombstone: nothing else goes with it."""
        names = [
            _("Metadata: %(metadata)s, which can be restored for a while") % {"metadata": metadata} for metadata in objs
        ]
        return names, {_("metadata"): len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Metadata) -> None:
        services.delete_metadata(str(obj.pk), by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Metadata]) -> None:
        for metadata_id in queryset.filter(deleted_at=None).values_list("pk", flat=True):
            services.delete_metadata(str(metadata_id), by=request.user.get_username())

    def _record(self, request: HttpRequest, object_id: str) -> Metadata:
        record: Metadata | None = self.get_object(request, object_id)
        if record is None:
            raise Http404
        return record

    @admin.action(description=gettext_lazy("Compare two records of a name"), permissions=["view"])
    def compare(self, request: HttpRequest, queryset: QuerySet[Metadata]) -> HttpResponseRedirect | None:
        """Lead to the comparison of the two chosen records."""
        chosen = list(queryset.order_by("id")[:3])
        if len(chosen) != 2 or chosen[0].name != chosen[1].name:
            messages.error(request, _("Choose two records of the same name."))
            return None
        before, record = chosen
        return redirect(self._address_of_comparison(record, before))

    @admin.action(description=gettext_lazy("Restore the selected deleted metadata"), permissions=["restore"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Metadata]) -> None:
        """Bring the chosen records back."""
        chosen = list(queryset.filter(deleted_at__isnull=False).values_list("pk", flat=True))
        for metadata_id in chosen:
            services.restore_metadata(str(metadata_id), by=request.user.get_username())
        self.message_user(request, _("%(number)s records are live again.") % {"number": len(chosen)})


@admin.register(MetadataEvent)
class MetadataEventAdmin(ReadOnlyAdmin):
    """History of all records, the newest first."""

    icon = "history"
    when_empty = gettext_lazy("Each change of a record is kept here, once there is one.")
    list_display = ("at", "deed", "by", "record")
    list_filter = ("action", "at")
    list_select_related = ("metadata",)
    search_keys = ("metadata",)
    search_fields = ("by__istartswith",)
    search_help_text = gettext_lazy("A record's ID, or the start of a user's name")
    ordering = ("-id",)
    sortable_by = ()
    deed = badge("action", {"created": "success", "deleted": "danger", "restored": "info"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[MetadataEvent]:
        return super().get_queryset(request).defer("metadata__payload")

    @admin.display(description=gettext_lazy("record"))
    def record(self, event: MetadataEvent) -> SafeString:
        return link_to(Metadata, event.metadata_id, event.metadata.name)
