"""Lists by keyset: `limit`, `cursor`, the next page in a `Link` header, a plain JSON array as the body."""

import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

MAX_LIMIT = 1000


class KeysetPagination(CursorPagination):
    """DRF's cursor with our parameter names; the ordering must be unique, so that no row is skipped or shown twice."""

    page_size = 100
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    cursor_query_param = "cursor"

    def __init__(self, model: type[Model], ordering: str) -> None:
        self._ordering = ordering
        self._key: Any = model._meta.get_field(ordering.removeprefix("-"))

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str]:
        return (self._ordering,)

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(self.page_size))
        if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_LIMIT:
            raise ValidationError({"limit": f"limit must be a whole number from 1 to {MAX_LIMIT}."})
        return int(text)

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


def paginated(
    view: APIView, request: Request, queryset: QuerySet[Any], render: Callable[[list[Any]], Any], *, ordering: str
) -> Response:
    """Return one page of `queryset`, ordered by the unique field `ordering` ("-id" for newest first).

    `render` turns the page's rows into what is answered.
    """
    paginator = KeysetPagination(queryset.model, ordering)
    page = paginator.paginate_queryset(queryset, request, view=view)
    link = paginator.get_next_link()
    headers = {"Link": f'<{link}>; rel="next"'} if link else {}
    return Response(render(page or []), headers=headers)
