"""Validate the admin's query strings and forms before the database refuses them with a 500, and bound what they cost."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from config.api.problems import Problem
from config.core.admin_columns import bounded_count, counted
from config.core.kept_texts import translated

MOST_SEARCHED = 200  # characters; each word is one more condition
LOOKUPS = frozenset(
    {"exact", "isnull", "gte", "lt", "isempty"}
)  # those of the filters; others, such as regex, cost more
NOT_A_VALUE = (DataError, ValueError, TypeError, ArithmeticError)  # the database, or its driver, refuses a parameter


class BoundedPaginator(Paginator[Any]):
    """Count at most MOST_COUNTED rows, so that no page scans the table. Filters reach the rest."""

    @cached_property
    def count(self) -> int:
        return bounded_count(self.object_list)  # type: ignore[arg-type]

    @property
    def count_text(self) -> str:
        """Return how many rows there are as pages say it."""
        return counted(self.count)


class UnusableQuery(Problem):
    """The query string of a list is not valid."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The list cannot be shown: a filter in the address has an invalid value, the search"
                " is longer than %(most_searched)s characters, or the page does not exist."
            )
            % {"most_searched": MOST_SEARCHED}
        )


class UnusableKey(Problem):
    """A form contains an impossible primary key."""

    def __init__(self, model: type[Model], field: str) -> None:
        super().__init__(
            _("A selected %(verbose_name)s has no valid key. Reload the list.")
            % {"verbose_name": model._meta.verbose_name},
            field=field,
        )


class StrictChangeList(ChangeList):
    """Validate the query string while counting; otherwise an impossible value would be a 500 later."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        sought = request.GET.get(SEARCH_VAR, "")
        if len(sought) > MOST_SEARCHED or "\0" in sought:
            raise IncorrectLookupParameters
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except NOT_A_VALUE as error:
            raise IncorrectLookupParameters from error
        if not self.query and not self.has_active_filters:  # then the heading offers no "Show all"
            self.full_result_count = self.result_count


(
    gettext_noop("Can add %(model)s"),
    gettext_noop("Can change %(model)s"),
)  # as Django names permissions when it makes them
gettext_noop("Can delete %(model)s"), gettext_noop("Can view %(model)s")


class KeysField(ModelMultipleChoiceField[Any]):
    """Choices of rows; refuse keys that no row can have, on which SQLite's driver raises."""

    def label_from_instance(self, obj: Any) -> str:
        """Return how a row is called; permissions are kept by English names."""
        return f"{obj.content_type} | {translated(obj.name)}" if isinstance(obj, Permission) else str(obj)

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid_list"], code="invalid_list") from None


def is_lookup_of_a_filter(lookup: str) -> bool:
    """Return whether a parameter, such as status__exact, is what a filter of a list, or a link to one, may ask."""
    _, separator, name = lookup.rpartition(LOOKUP_SEP)
    return not separator or name in LOOKUPS


def check_key(model: type[Model], key: str, field: str) -> None:
    """Raise UnusableKey if no row of the model can have the key."""
    primary_key: Any = model._meta.pk
    try:
        primary_key.clean(key, None)
    except ValidationError:
        raise UnusableKey(model, field) from None
    if not key or "\0" in key:  # PostgreSQL has no text with U+0000
        raise UnusableKey(model, field)
