"""Filters of lists: django-filter with serializer fields, which validate and document the parameters."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError as FormError
from django.db.models import Q, QuerySet
from drf_spectacular.drainage import set_override
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Field

from config.api.strict import MomentField, TextField


class _ParameterField(forms.Field):
    """Validate a value with a serializer field: django-filter's own fields ignore what they do not understand."""

    def __init__(self, *, reader: Field[Any, Any, Any, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reader = reader

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return self.reader.run_validation(value)
        except ValidationError as error:
            # django-filter formats the messages with %, though there is nothing to put in.
            raise FormError([str(message).replace("%", "%%") for message in error.detail]) from error


class ParameterFilter(django_filters.Filter):
    """Filter by a field and lookup; `reader` validates the value."""

    field_class = _ParameterField

    def __init__(self, reader: Field[Any, Any, Any, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, reader=reader, **kwargs)
        set_override(self, "field", reader)  # what extend_schema_field does to a field


class SearchFilter(ParameterFilter):
    """Filter by a text that one of several lookups finds."""

    def __init__(self, *lookups: str, help_text: str) -> None:
        super().__init__(TextField(max_length=200, help_text=help_text))
        self._lookups = lookups

    def filter(self, qs: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        if value is None:
            return qs
        found = Q()
        for lookup in self._lookups:
            found |= Q((lookup, value))
        return qs.filter(found)


class PeriodFilters(django_filters.FilterSet):
    """Filter by creation time, both ends included."""

    created_after = ParameterFilter(MomentField(help_text="made then or later"), "created_at", "gte")
    created_before = ParameterFilter(MomentField(help_text="made then or earlier"), "created_at", "lte")


class RunFilters(PeriodFilters):
    """Filter by creation time and caller; a subclass adds its own `status`."""

    requested_by = ParameterFilter(
        TextField(max_length=255, help_text="the subject of the token that asked"), "requested_by"
    )
