"""Base of the apps' admin classes: read-only history, lists without a full count, actions with a confirmation page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import ShowFacets, helpers
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from django_stubs_ext import StrOrPromise

from config.admin.audited import AuditedAdmin
from config.admin.export import DOWNLOADS, EXPORTS
from config.admin.inputs import (
    BoundedPaginator,
    KeysField,
    StrictChangeList,
    UnusableQuery,
    check_key,
    is_lookup_of_a_filter,
)
from config.admin.light import LightAdmin
from config.admin.saved_filters import add_button, shown_above

if TYPE_CHECKING:  # unfold has no types, and its classes are used as Django's
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

MOST_SHOWN = 100  # rows of another table on a row's page
ASKED = "asked"  # in a POST: the user has seen what is going to happen


@dataclass(frozen=True)
class Tool:
    """A button above a list: a page of its own, made by the admin's method of this name, with its permission."""

    method: str
    title: StrOrPromise
    icon: str
    needs: str
    reads_body: bool = False  # itself, bit by bit: then it also protects itself against forgery


@dataclass(frozen=True)
class Operation:
    """An action of the list and of each row's page, with a confirmation page; on the list only if it `always_asks`."""

    title: StrOrPromise
    text: StrOrPromise
    icon: str
    always_asks: bool = False
    variant: str = "primary"  # of the button that confirms it, in unfold's words; "danger" where nothing brings it back


class PlatformAdmin(AuditedAdmin, LightAdmin, ModelAdmin[Any]):
    """Base of all our admin classes."""

    icon = "database"  # in the menu, of Material Symbols
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count each filter's rows
    list_per_page = 50
    list_fullwidth = True
    list_disable_select_all = True
    list_before_template = "admin/list_top.html"
    list_intro = ""  # a template that stands above the list
    when_empty: Any = ""  # what to do next where there is no row yet
    search_keys: tuple[str, ...] = ()  # numbers and UUIDs, found by their indexes: Django would cast each row's
    tools: tuple[Tool, ...] = ()
    operations: Mapping[str, Operation] = {}  # by the name of the action

    def get_urls(self) -> list[URLPattern]:
        own = [self.own_path(f"{tool.method}/", tool.method, self._view_of(tool)) for tool in self.tools]
        own += [
            self.own_path(f"<path:object_id>/{name}/", name, partial(self._operate, name)) for name in self.operations
        ]
        own += [
            self.own_path(f"export.{suffix}", suffix, require_GET(partial(self._export, suffix))) for suffix in EXPORTS
        ]
        return [*own, *super().get_urls()]

    def own_path(self, route: str, name: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
        """Return a path of ours: for those who may enter the admin, with a name as the model's other pages have."""
        return path(route, self.admin_site.admin_view(view), name=self.url_name(name))

    def _view_of(self, tool: Tool) -> Callable[..., HttpResponseBase]:
        view: Callable[..., HttpResponseBase] = partial(self._use, tool)
        return csrf_exempt(view) if tool.reads_body else view

    def url_name(self, page: str) -> str:
        """Return the name of one of our URLs, such as inflight_delivery_changelist, as reverse("admin:…") wants it."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _use(self, tool: Tool, request: HttpRequest) -> HttpResponseBase:
        if not request.user.has_perm(tool.needs):
            raise PermissionDenied
        page: Callable[[HttpRequest], HttpResponseBase] = getattr(self, tool.method)
        return page(request)

    def _export(self, suffix: str, request: HttpRequest) -> HttpResponseBase:
        """Send all rows of the list as it is filtered, searched and ordered, as a file."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        answer = EXPORTS[suffix](self.get_changelist_instance(request))
        self.record_reading(DOWNLOADS[suffix], request)
        return answer

    def _operate(self, name: str, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Ask whether to run an action on one row, then run it."""
        action = self.get_actions(request).get(name)
        if action is None:
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if request.method != "POST":
            return self.ask(request, self.operations[name], [row], back=self.address_of(row))
        run: Any = action[0]
        chosen = self.get_queryset(request).filter(pk=row.pk)
        answer: HttpResponseBase | None = run(self, request, chosen)
        return answer or redirect(self.address_of(row))

    def address_of(self, row: Model) -> str:
        """Return the address of a row's page."""
        return reverse(f"admin:{self.url_name('change')}", args=(quote(row.pk),))

    def ask(
        self,
        request: HttpRequest,
        operation: Operation,
        rows: Iterable[Model] = (),
        *,
        back: str | None = None,
        hidden: Iterable[tuple[str, str]] = (),
        **context: Any,
    ) -> TemplateResponse:
        """Show what an operation is going to do, and to which rows, with a button that does it."""
        page = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": operation.title,
            "operation": operation,
            "rows": rows,
            "hidden": [(ASKED, "yes"), *hidden],
            "back": back or reverse(f"admin:{self.url_name('changelist')}"),
        }
        return TemplateResponse(request, "admin/ask.html", page | context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StrictChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters as error:  # Django would show the whole list instead
            raise UnusableQuery from error

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return is_lookup_of_a_filter(lookup) and super().lookup_allowed(lookup, value, request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return None if "\0" in object_id else super().get_object(request, object_id, from_field or None)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **kwargs, form_class=KeysField)

    def get_search_fields(self, request: HttpRequest) -> Any:
        return self.search_fields or self.search_keys

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "\0" in search_term:  # PostgreSQL has no such text
            return queryset.none(), False
        keys = [Q((name, search_term)) for name in self.search_keys if self._can_be(name, search_term)]
        if keys:
            return queryset.filter(reduce(or_, keys)), False
        if search_term and not self.search_fields:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def _can_be(self, name: str, text: str) -> bool:
        try:
            field: Any = self.opts.get_field(name)
            return field.to_python(text) is not None
        except ValidationError:
            return False

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> Any:
        """Act on the rows of one page at most: a whole table would keep a web thread for minutes."""
        if request.POST.get("select_across") == "1":
            messages.error(request, _("Select rows on this page; actions cannot run on the whole list."))
            return redirect(request.get_full_path())
        name, chosen = request.POST.get("action", ""), request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if name in self.operations and name in self.get_actions(request) and chosen:
            operation, rows = self.operations[name], queryset.filter(pk__in=chosen)
            if operation.always_asks and ASKED not in request.POST:
                hidden = [("action", name), *((helpers.ACTION_CHECKBOX_NAME, pk) for pk in chosen)]
                return self.ask(request, operation, rows, hidden=hidden)
        return super().response_action(request, queryset, *args)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        for key in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
            check_key(self.model, key, helpers.ACTION_CHECKBOX_NAME)
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:  # not what an action asks
            tools = self._tool_buttons(request)
            context["actions_list"] = [*tools, *self._export_buttons(context["cl"])]
            context["cl"].next_step = tools[0] if tools else add_button(self, request)
            context["saved_filters"] = shown_above(context["cl"], request.user)
            if self.shows_people:
                self.record_reading("list", request)
        return response

    def _tool_buttons(self, request: HttpRequest) -> list[dict[str, Any]]:
        return [
            _button(tool.title, tool.icon, reverse(f"admin:{self.url_name(tool.method)}"))
            for tool in self.tools
            if request.user.has_perm(tool.needs)
        ]

    def _export_buttons(self, shown: ChangeList) -> list[dict[str, Any]]:
        addresses = {suffix: reverse(f"admin:{self.url_name(suffix)}") for suffix in EXPORTS}
        query = shown.get_query_string()
        return [_button(suffix.upper(), "download", f"{address}{query}") for suffix, address in addresses.items()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = kwargs.get("obj")
        allowed = self.get_actions(request) if row else {}
        context["actions_detail"] = [
            _button(operation.title, operation.icon, reverse(f"admin:{self.url_name(name)}", args=(quote(row.pk),)))
            for name, operation in self.operations.items()
            if row and name in allowed and self.applies(name, row)
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def applies(self, operation: str, row: Any) -> bool:
        """Return whether an operation makes sense for a row as it is now."""
        return True


def _button(title: StrOrPromise, icon: str, link: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "path": link}


class ReadOnlyAdmin(PlatformAdmin):
    """Base of the admin of records that the system writes: view, search, act, no editing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FirstRows(BaseInlineFormSet[Any, Any, Any]):
    """Show one page of rows, without counting the others."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "_queryset"):
            self._queryset = super().get_queryset()[:MOST_SHOWN]
        return self._queryset


class ReadOnlyInline(TabularInline[Any, Any]):
    """The first rows of a related table, read-only."""

    formset = FirstRows
    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True  # a row's name says no more than its columns

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
