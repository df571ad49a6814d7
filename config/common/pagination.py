"""Lists by keyset: `limit`, `cursor`, the next page in a `Link` header, a plain JSON array as the body."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

MAX_LIMIT = 1000
BAD_CURSOR = "This is not a cursor that a Link header gave."


class KeysetPagination(CursorPagination):
    """DRF's cursor with our parameter names; the ordering must be unique, so that no row is skipped or shown twice."""

    page_size = 100
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    cursor_query_param = "cursor"

    def __init__(self, ordering: str) -> None:
        self._ordering = ordering

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str]:
        return (self._ordering,)

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(self.page_size))
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
            raise ValidationError({"limit": f"limit must be a whole number from 1 to {MAX_LIMIT}."})
        return int(text)

    def decode_cursor(self, request: Request) -> Any:
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise ValidationError({"cursor": BAD_CURSOR}) from error


def paginated(
    view: APIView, request: Request, queryset: QuerySet[Any], render: Callable[[list[Any]], Any], *, ordering: str
) -> Response:
    """Return one page of `queryset`, ordered by the unique field `ordering` ("-id" for newest first).

    `render` turns the page's rows into what is answered.
    """
    paginator = KeysetPagination(ordering)
    try:
        page = paginator.paginate_queryset(queryset, request, view=view)
    except (ValueError, InvalidValue) as error:  # a cursor may hold any text, also one that is no value of the field
        raise ValidationError({"cursor": BAD_CURSOR}) from error
    link = paginator.get_next_link()
    headers = {"Link": f'<{link}>; rel="next"'} if link else {}
    return Response(render(page or []), headers=headers)
