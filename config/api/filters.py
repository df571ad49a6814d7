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
    """Lets a serializer field read a value: django-filter takes what its own fields do not understand for no filter."""

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
    """Rows whose field fits the value by the lookup; `reader` tells what is a value."""

    field_class = _ParameterField

    def __init__(self, reader: Field[Any, Any, Any, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, reader=reader, **kwargs)
        set_override(self, "field", reader)  # what extend_schema_field does to a field


class SearchFilter(ParameterFilter):
    """Rows of which one of several lookups finds the text."""

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
    """Rows that were made in a period, both ends included."""

    created_after = ParameterFilter(MomentField(help_text="made then or later"), "created_at", "gte")
    created_before = ParameterFilter(MomentField(help_text="made then or earlier"), "created_at", "lte")


class RunFilters(PeriodFilters):
    """Rows that somebody asked for; each subclass adds the `status` of its own."""

    requested_by = ParameterFilter(
        TextField(max_length=255, help_text="the subject of the token that asked"), "requested_by"
    )
