"""The admin site: django-unfold with a dashboard first, the apps in our order, and no inline styles."""

from functools import partial
from typing import TYPE_CHECKING, Any
from unicodedata import combining, normalize

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.monitoring import health
from config.monitoring.attention import needs_of
from config.monitoring.dashboard import panels
from config.pages.login import Logout

if TYPE_CHECKING:  # unfold has no types, and adds nothing to what is called here
    from django.contrib.admin import AdminSite as UnfoldAdminSite
else:
    from unfold.sites import UnfoldAdminSite

ORDER = ("inflight", "catalog", "metadata_registry", "ingest", "compute", "config", "django_q", "auth")


class ApronAdminSite(UnfoldAdminSite):
    """The admin's site: navigation and dashboard."""

    index_template = "admin/dashboard.html"

    def get_urls(self) -> list[Any]:
        from config.admin import saved_filters  # noqa: PLC0415 - the room registers its classes with this site

        def posted(view: Any) -> Any:
            return self.admin_view(require_POST(view))

        return [
            path("filters/save/", posted(partial(saved_filters.save, self)), name="save_filter"),
            path("filters/<int:pk>/delete/", posted(saved_filters.delete), name="delete_filter"),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        no_style_element = {"colors": None}  # admin.css has them
        return super().each_context(request) | no_style_element

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one login: the admin has none of its own, which would be a way around it."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        wanted = request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index"))
        return redirect_to_login(wanted)

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Log out as on the pages."""
        return Logout.as_view()(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        with health.asked_once():
            needs, its_panels = needs_of(request.user), panels(request.user)
        found = {"needs": needs, "panels": its_panels, "now": timezone.now(), "title": _("Dashboard")}
        return super().index(request, found | (extra_context or {}))

    @transaction.atomic
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Change one's password and record it, or neither."""
        return super().password_change(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        found = super().get_app_list(request, app_label)
        for app in found:
            app["models"].sort(key=lambda model: _sorting(model["name"]))
        return sorted(found, key=lambda app: ORDER.index(app["app_label"]) if app["app_label"] in ORDER else len(ORDER))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the menu: the dashboard, then each app's models that the user may see."""
        home = reverse("admin:index")
        dashboard = _item(_("Dashboard"), "space_dashboard", home, is_active=request.path == home)
        groups: list[dict[str, Any]] = [{"title": "", "items": [dashboard]}]
        for app in self.get_app_list(request):
            items = [self._item_of(model, request) for model in app["models"] if model["admin_url"]]
            groups.append({"title": app["name"], "items": items})
        return groups

    def _item_of(self, model: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        icon = getattr(self._registry[model["model"]], "icon", "database")
        return _item(model["name"], icon, model["admin_url"], is_active=request.path.startswith(model["admin_url"]))


def _sorting(name: str) -> str:
    """Return a name as a dictionary sorts it: É is an E."""
    return "".join(each for each in normalize("NFD", name.casefold()) if not combining(each))


def _item(title: str, icon: str, link: str, *, is_active: bool) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link, "active": is_active, "has_permission": True}
