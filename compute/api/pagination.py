"""Pagination of files, which are listed by path."""

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from rest_framework.request import Request

from compute.files.ownership import readable_files
from compute.files.storage import storage
from config.api.pagination import LONGEST_CURSOR, KeysetPagination


class FilePagination(KeysetPagination):
    """Keyset pagination whose cursor is the path of the last file."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, self.page_size = request, self.get_page_size(request)
        after = self.decode_cursor(request)
        files = storage().files(after=after.position if after else "")
        found = list(islice(readable_files(files, view.requester), self.page_size + 1))
        self._last = found[self.page_size - 1].path if len(found) > self.page_size else None
        return found[: self.page_size]

    def check_position(self, position: str) -> None:
        if not 1 <= len(position) <= LONGEST_CURSOR:
            raise ValidationError("no path")

    def get_next_link(self) -> str | None:
        if self._last is None:
            return None
        page = urlencode({"limit": self.page_size, "cursor": self._last})
        return f"{self.request.build_absolute_uri(self.request.path)}?{page}"
