"""Admin of the filters that people keep of the admin's lists."""

from django.apps import apps
from django.contrib import admin
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext_lazy

from config.admin.base import ReadOnlyAdmin
from config.core.admin_columns import list_address
from config.models import SavedFilter


@admin.register(SavedFilter)
class SavedFilterAdmin(ReadOnlyAdmin):
    """Whose filters there are, of which lists."""

    icon = "bookmark"
    when_empty = gettext_lazy("Nobody has saved a filter yet. Filter a list, then save its filters under a name.")
    list_display = ("id", "name", "of_list", "user", "created_at")
    list_select_related = ("user",)
    search_keys = ("id",)
    search_fields = ("name__istartswith",)
    search_help_text = gettext_lazy("A number, or the start of a name")
    ordering = ("-id",)
    sortable_by = ("id",)

    @admin.display(description=pgettext_lazy("of the admin", "list"))
    def of_list(self, kept: SavedFilter) -> SafeString | str:
        """Return the list's name, leading to the list as it is filtered; its model may be gone."""
        try:
            model = apps.get_model(kept.list)
            return format_html(
                '<a href="{}?{}">{}</a>', list_address(model), kept.query, model._meta.verbose_name_plural
            )
        except (LookupError, ValueError, NoReverseMatch):
            return kept.list
