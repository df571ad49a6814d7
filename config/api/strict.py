"""Strict input: refuse unknown members and parameters by name, and do not convert between JSON types."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from config.core.json import dumps

SHOWN = 100  # characters of a name that somebody made up


def refuse_unknown(given: Iterable[Any], known: Iterable[str], *, place: str = "") -> None:
    """Raise ValidationError where a name is given that is not known, saying which known one is the nearest."""
    known = list(known)
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise ValidationError({f"{place}{name[:SHOWN]}": _unknown(name, known) for name in unknown[:SHOWN]})


def _unknown(name: str, known: list[str]) -> ErrorDetail:
    nearest = get_close_matches(name[:SHOWN], known, n=1)
    if nearest:
        said = _("unknown; did you mean %(nearest)s?") % {"nearest": nearest[0]}
    else:
        said = _("unknown; known: %(known)s.") % {"known": ", ".join(known)} if known else _("unknown.")
    return ErrorDetail(said, code="unknown")


class Input(serializers.Serializer[Any]):
    """Serializer that refuses unknown members. One without fields accepts no body."""

    default_error_messages = {"invalid": gettext_lazy("Give a JSON object.")}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields)
        return super().to_internal_value(data)


class Query(Input):
    """Serializer of an operation's query parameters, beside those of pagination and filters."""

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the parameters."""
        return list(cls._declared_fields)


def refuse_repeated(given: QueryDict) -> None:
    """Raise ValidationError where a query parameter is given more than once: which one is meant?"""
    if repeated := [name for name in given if len(given.getlist(name)) > 1]:
        raise ValidationError({name[:SHOWN]: _("given more than once.") for name in repeated})


def validated(input_class: type[Input], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """Return the data as its fields have it, or raise ValidationError."""
    serializer = input_class(data=data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class TextField(serializers.CharField):
    """A JSON string, kept exactly: no number is converted, no space is stripped."""

    default_error_messages = {
        "invalid": gettext_lazy("Give a text."),
        "max_length": gettext_lazy("Give at most {max_length} characters."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class DistinctListField(serializers.ListField):
    """A list without duplicates."""

    def to_internal_value(self, data: Any) -> list[Any]:
        items = super().to_internal_value(data)
        if repeated := next((item for item in items if items.count(item) > 1), None):
            raise ValidationError(_("%(repeated)s appears twice.") % {"repeated": f"{repeated!r}"})
        return items


class FlagField(serializers.BooleanField):
    """A JSON boolean; "true" and 1 are refused."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class WholeField(serializers.IntegerField):
    """A JSON number without a fraction; "1", 1.0 and true are refused."""

    default_error_messages = {
        "invalid": gettext_lazy("Give a whole number."),
        "min_value": gettext_lazy("Give a whole number of at least {min_value}."),
        "max_value": gettext_lazy("Give a whole number of at most {max_value}."),
    }

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


INVALID_CHOICE = gettext_lazy('"{input}" is not a valid choice; give one of {known}.')


class WordField(serializers.ChoiceField):
    """A JSON string from a list of choices."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        known = ", ".join(dumps(str(choice)).decode() for choice in self.choices)
        self.error_messages["invalid_choice"] = format_lazy(INVALID_CHOICE, input="{input}", known=known)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid_choice", input=data)


@extend_schema_field(bool)
class FlagParameter(serializers.Field[bool, Any, bool, Any]):
    """A query parameter that is `true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            raise ValidationError(_("must be true or false."))
        return bool(data == "true")


class MomentField(serializers.DateTimeField):
    """A time; one without an offset is UTC."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # the first or the last day there is, by an offset
            self.fail("invalid", format="a year from 1 to 9999")


class NumberParameter(serializers.IntegerField):
    """A query parameter that is a whole number in a range, in plain digits."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(min_value=least, max_value=most, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch("[0-9]{1,18}", str(data)):
            raise ValidationError(
                _("must be a whole number from %(min_value)s to %(max_value)s.")
                % {"min_value": self.min_value, "max_value": self.max_value}
            )
        return int(data)
