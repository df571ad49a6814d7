"""What the apps' admins share: history that nobody edits, and lists that do not count huge tables."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:  # unfold has no types, and its classes are used as Django's
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

MOST_COUNTED = 10_000


class BoundedPaginator(Paginator[Any]):
    """Counts at most MOST_COUNTED rows: no page of a list costs a scan of the table. Filters reach the rest."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: MOST_COUNTED + 1].count()


class PlatformAdmin(ModelAdmin[Any]):
    """What all our lists have in common."""

    icon = "database"  # in the menu, of Material Symbols
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count each filter's rows
    list_per_page = 50
    list_fullwidth = True


class ReadOnlyAdmin(PlatformAdmin):
    """For what the system records: to look at, search and act upon, not to edit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline[Any, Any]):
    """Rows of another table under their parent, to look at."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
