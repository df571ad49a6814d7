"""Admin of the filters that people keep of the admin's lists."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from config.admin.base import ReadOnlyAdmin
from config.models import SavedFilter


@admin.register(SavedFilter)
class SavedFilterAdmin(ReadOnlyAdmin):
    """Whose filters there are, of which lists."""

    icon = "bookmark"
    list_display = ("id", "name", "list", "user", "query", "created_at")
    list_select_related = ("user",)
    search_keys = ("id",)
    search_help_text = gettext_lazy("A number")
    ordering = ("-id",)
    sortable_by = ("id",)
