"""Lists by keyset: `limit`, `cursor`, the next page in a `Link` header, a plain JSON array as the body."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

MAX_LIMIT = 1000
STREAMED = 2000  # rows in memory at a time while a whole list is streamed


class KeysetPagination(CursorPagination):
    """DRF's cursor with our parameter names, by the view's `ordering`: a unique field, so that no row is lost or repeated."""

    page_size = 100
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    cursor_query_param = "cursor"
    cursor_query_description = "from the Link header of the page before"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str]:
        return (view.ordering,)  # type: ignore[attr-defined]

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(self.page_size))
        if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_LIMIT:
            raise ValidationError({"limit": f"must be a whole number from 1 to {MAX_LIMIT}."})
        return int(text)

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        self._key: Any = queryset.model._meta.get_field(view.ordering.removeprefix("-"))  # type: ignore[union-attr]
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Any:
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None:
                self._check_position(cursor.position)
        except (NotFound, DjangoValidationError) as error:
            raise ValidationError({"cursor": "This is not a cursor that a Link header gave."}) from error
        return cursor

    def _check_position(self, position: Any) -> None:
        """Whoever writes a cursor by hand may put anything where the key's value belongs."""
        if not position or "\0" in position:
            raise DjangoValidationError("not a key")
        self._key.clean(position, None)

    def link_header(self) -> dict[str, str]:
        """Return the header that leads to the next page, if there is one."""
        link = self.get_next_link()
        return {"Link": f'<{link}>; rel="next"'} if link else {}

    def get_paginated_response(self, data: Any) -> Response:
        return Response(data, headers=self.link_header())

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": self.page_size}
        return [
            {"name": "limit", "in": "query", "schema": limit, "description": "rows of a page"},
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": self.cursor_query_description,
            },
        ]


def pages_of(queryset: QuerySet[Any], ordering: str) -> Iterator[list[Any]]:
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
