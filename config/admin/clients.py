"""Admin of API clients and their keys: make and revoke them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.widgets import UnfoldAdminTextareaWidget

from config.access import clients
from config.access.scopes import Scope
from config.admin.base import Operation, PlatformAdmin, ReadOnlyAdmin, ReadOnlyInline
from config.core.admin_columns import coloured, link_to
from config.core.moments import moment
from config.models import ApiClient, ApiKey

ONCE = gettext_lazy("Copy the key now: only its hash is stored, so it cannot be shown again.")


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return str(super().to_python(value) or "").split()

    def validate(self, value: Any) -> None:
        clients.check_networks(value)

    def run_validators(self, value: Any) -> None:
        """The validators of texts do not fit a list."""


class ClientForm(forms.ModelForm[ApiClient]):
    """Form of a client."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[
            (scope.value, format_lazy("{label} ({scope})", scope=scope.value, label=scope.label)) for scope in Scope
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "What the client may do. Each operation of the API needs one scope; the schema and docs/api.md say which."
        ),
    )
    allowed_networks = LinesField(
        label=gettext_lazy("Allowed networks"),
        required=False,
        help_text=gettext_lazy(
            "Addresses and networks that the client may call from, one per line, such as 192.0.2.0/24. Blank: any address."
        ),
    )

    class Meta:
        model = ApiClient
        fields = ("name", "scopes", "allowed_networks", "requests_per_minute", "expires_at")


class KeyInline(ReadOnlyInline):
    """A client's keys."""

    model = ApiKey
    fields = readonly_fields = ("key", "created_at", "last_used_at", "revoked_at")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("key"))
    def key(self, key: ApiKey) -> SafeString:
        return link_to(ApiKey, key.pk, str(key))


@admin.register(ApiClient)
class ApiClientAdmin(PlatformAdmin):
    """Programs that may call the API. They are revoked, never deleted: what they asked for names them."""

    icon = "key"
    when_empty = gettext_lazy("Add a client for each program that calls the API: it gets a key of its own.")
    form = ClientForm
    list_display = ("name", "state", "scopes_shown", "good_keys", "requests_per_minute", "expires_at")
    search_fields = ("name__startswith",)
    search_help_text = gettext_lazy("Start of a name")
    ordering = sortable_by = ("name",)
    readonly_fields = ("created_at", "revoked_at")
    inlines = (KeyInline,)
    actions = ("new_key", "revoke")
    operations = {
        "new_key": Operation(
            gettext_lazy("New key"),
            format_lazy(
                "{two} {once}",
                two=gettext_lazy("The client then has two keys until you revoke the old one."),
                once=ONCE,
            ),
            "add",
        ),
        "revoke": Operation(
            gettext_lazy("Revoke"),
            gettext_lazy("Its keys stop working at once. This cannot be undone."),
            "block",
            always_asks=True,
            variant="danger",
        ),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        good = ApiKey.objects.filter(revoked_at=None).order_by("id")
        return super().get_queryset(request).prefetch_related(Prefetch("keys", good, to_attr="active_keys"))

    def get_fields(self, request: HttpRequest, obj: ApiClient | None = None) -> Any:
        return ("name", *self.form.Meta.fields[1:], *(self.readonly_fields if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: ApiClient | None = None) -> Any:
        return ("name", *self.readonly_fields) if obj else self.readonly_fields

    def get_inlines(self, request: HttpRequest, obj: ApiClient | None) -> Any:
        return self.inlines if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: ApiClient | None = None) -> bool:
        return False

    def applies(self, operation: str, row: ApiClient) -> bool:
        return row.revoked_at is None

    @admin.display(description=gettext_lazy("state"))
    def state(self, client: ApiClient) -> SafeString:
        if client.revoked_at:
            return coloured(_("revoked"), "danger")
        is_expired = client.expires_at and client.expires_at <= timezone.now()
        return coloured(_("expired"), "warning") if is_expired else coloured(_("valid"), "success")

    @admin.display(description=gettext_lazy("scopes"))
    def scopes_shown(self, client: ApiClient) -> str:
        return ", ".join(client.scopes)

    @admin.display(description=gettext_lazy("keys and their last use"))
    def good_keys(self, client: ApiClient) -> SafeString:
        keys: list[ApiKey] = client.active_keys  # type: ignore[attr-defined]
        return format_html_join(", ", "{} {}", ((key, moment(key.last_used_at) or _("never")) for key in keys))

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        clients.forget_keys()

    def response_add(self, request: HttpRequest, obj: ApiClient, post_url_continue: str | None = None) -> HttpResponse:
        return self._show(request, obj)

    @admin.action(description=gettext_lazy("Create a new key"), permissions=["change"])
    def new_key(self, request: HttpRequest, queryset: QuerySet[ApiClient]) -> HttpResponse | None:
        """Make another key for one client, and show it."""
        found = queryset.filter(revoked_at=None)[:2]
        if len(found) != 1:
            messages.error(request, _("Select one client that is not revoked."))
            return None
        return self._show(request, found[0])

    @admin.action(description=gettext_lazy("Revoke"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiClient]) -> None:
        """Make the clients' keys worthless."""
        for client in queryset:
            clients.revoke_client(client)
        messages.success(request, _("Their keys no longer work."))

    def _show(self, request: HttpRequest, client: ApiClient) -> HttpResponse:
        """Make a key and show it on a page of its own: a message would be kept in a cookie."""
        try:
            key = clients.new_key(client)
        except clients.TooManyKeysError as error:
            return TemplateResponse(request, "admin/api_key.html", self._context(request, client, refusal=str(error)))
        return _shown(request, self._context(request, client, key=key))

    def _context(self, request: HttpRequest, client: ApiClient, **members: str) -> dict[str, Any]:
        page = self.admin_site.each_context(request)
        shown = {
            "opts": self.opts,
            "title": _("A key for %(client)s") % {"client": client},
            "once": ONCE,
            "back": self.address_of(client),
        }
        return page | shown | members


@never_cache
def _shown(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "admin/api_key.html", context)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys of API clients, by how they begin."""

    icon = "vpn_key"
    when_empty = gettext_lazy("Keys are made on the page of an API client.")
    list_display = ("ident", "owner", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("client",)
    search_fields = ("client__name__exact",)
    search_help_text = gettext_lazy("A client's name")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("ident", "owner", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("owner",)
    actions = ("revoke",)
    operations = {
        "revoke": Operation(
            gettext_lazy("Revoke"),
            gettext_lazy("The key stops working at once. This cannot be undone."),
            "block",
            always_asks=True,
            variant="danger",
        )
    }

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("config.change_apikey")

    def applies(self, operation: str, row: ApiKey) -> bool:
        return row.revoked_at is None

    @admin.display(description=gettext_lazy("client"))
    def owner(self, key: ApiKey) -> SafeString:
        return link_to(ApiClient, key.client_id, str(key.client))

    @admin.action(description=gettext_lazy("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Make the keys worthless."""
        for key in queryset:
            clients.revoke_key(key)
        messages.success(request, _("The keys no longer work."))
