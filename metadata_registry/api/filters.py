"""Filters of the registry's list."""

from django_filters import FilterSet

from config.api.filters import ParameterFilter, SearchFilter
from config.api.strict import TextField


class MetadataFilter(FilterSet):
    """Filters of the list of records."""

    name = ParameterFilter(TextField(max_length=255, help_text="the whole name"), "name")
    name_prefix = ParameterFilter(TextField(max_length=255, help_text="how the name begins"), "name", "startswith")
    q = SearchFilter(
        "name__icontains", "payload__icontains", help_text="a part of the name or the payload, in any case"
    )
