"""Keyset pagination: `limit`, `cursor`, a `Link` header for the next page, a plain JSON array as the body."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

if TYPE_CHECKING:  # a worker does without views
    from rest_framework.views import APIView

MAX_LIMIT = 1000
prohibit_nul = ProhibitNullCharactersValidator()
LONGEST_CURSOR = 4096
STREAMED = 500  # rows in memory while a whole list is streamed, for as long as its reader takes


class KeysetPagination(CursorPagination):
    """DRF's cursor pagination with our parameter names; the view's `ordering` is a unique field."""

    page_size = 100
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    cursor_query_param = "cursor"
    cursor_query_description = "from the Link header of the page before"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str]:
        return (view.ordering,)

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(self.page_size))
        if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_LIMIT:
            raise ValidationError(
                {"limit": _("must be a whole number from 1 to %(max_limit)s.") % {"max_limit": MAX_LIMIT}}
            )
        return int(text)

    def paginate_queryset(self, queryset: Any, request: Request, view: "APIView | None" = None) -> list[Any] | None:
        self._key: Any = queryset.model._meta.get_field(view.ordering.removeprefix("-"))  # type: ignore[union-attr]
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Any:
        """The cursor is the key of the last row that was shown: there is nothing to hide, and nothing else to say."""
        position = request.query_params.get("cursor")
        if position is None:
            return None
        try:
            prohibit_nul(position)
            self.check_position(position)
        except DjangoValidationError as error:
            raise ValidationError({"cursor": _("This is not a valid cursor. Take one from a Link header.")}) from error
        return Cursor(offset=0, reverse=False, position=position)  # type: ignore[arg-type] # DRF's are texts

    def check_position(self, position: str) -> None:
        """Raise Django's ValidationError where no row can have such a key."""
        self._key.clean(position, None)

    def encode_cursor(self, cursor: Any) -> str:
        return replace_query_param(str(self.base_url), "cursor", cursor.position)

    def link_header(self) -> dict[str, str]:
        """Return the header that leads to the next page, if there is one."""
        link = self.get_next_link()
        return {"Link": f'<{link}>; rel="next"'} if link else {}

    def get_paginated_response(self, data: Any) -> Response:
        return Response(data, headers=self.link_header())

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": self.page_size}
        cursor = _schema_of_key(view)
        return [
            {"name": "limit", "in": "query", "schema": limit, "description": "rows of a page"},
            {"name": "cursor", "in": "query", "schema": cursor, "description": self.cursor_query_description},
        ]


def _schema_of_key(view: Any) -> dict[str, Any]:
    """Return what a cursor may be in a view's list."""
    queryset = getattr(view, "queryset", None)
    model = getattr(getattr(view.get_serializer_class(), "Meta", None), "model", getattr(queryset, "model", None))
    key = model._meta.get_field(view.ordering.removeprefix("-")) if model else None
    if isinstance(key, models.IntegerField):
        return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
    if isinstance(key, models.UUIDField):
        return {"type": "string", "format": "uuid"}
    longest = getattr(key, "max_length", None) or LONGEST_CURSOR
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"^[^\u0000]+$"}


def iterate_pages(queryset: QuerySet[Any], ordering: str) -> Iterator[list[Any]]:
    """Yield all rows, of models or of dicts, in pages by the unique field `ordering` ("-id" for newest first).

    Each page is a query of its own: neither we nor the database holds more, and the first one is there at once.
    """
    name = ordering.removeprefix("-")
    beyond = f"{name}__lt" if ordering.startswith("-") else f"{name}__gt"
    rows = queryset.order_by(ordering)
    page = list(rows[:STREAMED])
    while page:
        yield page
        last = page[-1]
        page = list(rows.filter(**{beyond: last[name] if isinstance(last, dict) else getattr(last, name)})[:STREAMED])
