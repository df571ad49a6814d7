"""Filters of a list, kept by each user for themselves under a name and shown above the list as links."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.apps import apps
from django.contrib import messages
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from config.access import audit
from config.core.admin_columns import list_address
from config.models import SavedFilter

if TYPE_CHECKING:
    from django.db.models import Model

MOST_KEPT = 20  # of one user for one list


class SaveForm(forms.Form):
    """A name for the filters of a list."""

    list = forms.CharField(max_length=100)
    query = forms.CharField(max_length=2000, required=False)
    name = forms.CharField(max_length=40)


def filters_of(changelist: ChangeList) -> dict[str, str]:
    """Return by which filters a list is filtered and ordered, without its search and what a link to it chose."""
    offered = {name for spec in changelist.filter_specs for name in spec.expected_parameters() if name}
    return {name: value for name, value in changelist.params.items() if name in offered | {ORDER_VAR}} | {
        name: value[-1] if isinstance(value, list) else value
        for name, value in changelist.filter_params.items()
        if name in offered
    }


def shown_above(changelist: ChangeList, user: Any) -> dict[str, Any]:
    """Return what stands above a list: the filters that the user keeps of it, and those that could be kept."""
    kept = SavedFilter.objects.filter(user=user, list=changelist.opts.label_lower).order_by("name")[:MOST_KEPT]
    now = urlencode(filters_of(changelist))
    return {"kept": [(each, each.query == now) for each in kept], "query": now, "list": changelist.opts.label_lower}


@transaction.atomic
def save(site: AdminSite, request: HttpRequest) -> HttpResponseBase:
    """Keep the filters of a list under a name; a name that the user has already is given to these."""
    form = SaveForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the filter a name of at most 40 characters."))
        return redirect("admin:index")
    model, changelist = _changelist(site, request, form.cleaned_data["list"], form.cleaned_data["query"])
    query = urlencode(filters_of(changelist))
    user: Any = request.user
    mine = SavedFilter.objects.filter(user=user, list=form.cleaned_data["list"])
    if mine.count() >= MOST_KEPT and not mine.filter(name=form.cleaned_data["name"]).exists():
        messages.error(
            request, _("You have already saved %(most)d filters for this list: delete one first.") % {"most": MOST_KEPT}
        )
    else:
        kept, _is_new = mine.update_or_create(
            name=form.cleaned_data["name"],
            defaults={"query": query, "user": user, "list": form.cleaned_data["list"]},
        )
        audit.record("save_filter", kept)
        messages.success(request, _("Saved the filter “%(name)s”.") % {"name": kept.name})
    return redirect(f"{list_address(model)}?{query}")


@transaction.atomic
def delete(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Delete a filter of the user's own."""
    kept = get_object_or_404(SavedFilter, pk=pk, user=request.user)
    audit.record("delete_filter", kept)
    kept.delete()
    messages.success(request, _("Deleted the filter “%(name)s”.") % {"name": kept.name})
    return redirect(list_address(apps.get_model(kept.list)))


def _changelist(site: AdminSite, request: HttpRequest, label: str, query: str) -> "tuple[type[Model], ChangeList]":
    """Return the list that a query is of; raise Http404, PermissionDenied or UnusableQuery."""
    try:
        model = apps.get_model(label)
        model_admin: Any = site.get_model_admin(model)
    except (LookupError, ValueError, NotRegistered):
        raise Http404 from None
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    request.GET = QueryDict(query)  # as its own page would have it
    return model, model_admin.get_changelist_instance(request)


def add_button(model_admin: Any, request: HttpRequest) -> dict[str, Any] | None:
    """Return the button that adds the first row of a list, for those who may."""
    if not model_admin.has_add_permission(request):
        return None
    title = _("Add %(name)s") % {"name": model_admin.opts.verbose_name}
    return {"title": title, "path": reverse(f"admin:{model_admin.url_name('add')}")}
