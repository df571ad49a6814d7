"""Export an admin list as a file: all rows, as filtered, searched and ordered, in bounded memory."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from html import unescape
from tempfile import TemporaryFile
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import connection, transaction
from django.db.models import Field, Model, QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext_noop

from config.api.renderers import TooManyRows
from config.api.spreadsheets import CSV_TYPE, csv_stream
from config.core.worksheets import MOST_XLSX_ROWS, XLSX_TYPE, TooLargeError, write_xlsx

PAGE = 2000  # rows in memory at a time
CHECKBOX = "action_checkbox"  # Django's own column, of lists with actions


def csv_response(changelist: ChangeList) -> HttpResponseBase:
    """Return the list as a CSV file: streamed where a key orders it, else made before the first byte is sent.

    A cursor would hold its connection, and its thread, for as long as the reader takes.
    """
    content = csv_stream(_header(changelist), _cells(changelist))
    name = _file_name(changelist, "csv")
    if _key(changelist.queryset):
        disposition = content_disposition_header(True, name)
        return StreamingHttpResponse(content, content_type=CSV_TYPE, headers={"Content-Disposition": disposition})
    with ExitStack() as on_failure:
        file = on_failure.enter_context(TemporaryFile())
        file.writelines(content)
        on_failure.pop_all()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=CSV_TYPE)


def xlsx_response(changelist: ChangeList) -> HttpResponseBase:
    """Return the list as an XLSX file, which is made before the first byte is sent."""
    if changelist.queryset.order_by()[MOST_XLSX_ROWS:].exists():  # before a minute's work is in vain
        raise TooManyRows
    with ExitStack() as on_failure:
        file = on_failure.enter_context(TemporaryFile())
        try:
            write_xlsx(file, _header(changelist), _cells(changelist), cuts=True)
        except TooLargeError as error:
            raise TooManyRows from error
        on_failure.pop_all()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=_file_name(changelist, "xlsx"), content_type=XLSX_TYPE)


EXPORTS = {"csv": csv_response, "xlsx": xlsx_response}
DOWNLOADS = {"csv": gettext_noop("download_csv"), "xlsx": gettext_noop("download_xlsx")}  # acts of the audit


def _file_name(changelist: ChangeList, suffix: str) -> str:
    return f"{slugify(str(changelist.opts.verbose_name_plural))}-{timezone.localdate()}.{suffix}"


def _columns(changelist: ChangeList) -> list[Any]:
    return [column for column in changelist.list_display if column != CHECKBOX]


def _header(changelist: ChangeList) -> list[str]:
    labels = [label_for_field(name, changelist.model, changelist.model_admin) for name in _columns(changelist)]
    return [capfirst(str(label)) for label in labels]


def _cells(changelist: ChangeList) -> Iterator[list[Any]]:
    columns = _columns(changelist)
    for row in _rows(changelist.queryset):
        yield [_cell(column, row, changelist.model_admin) for column in columns]


def _cell(column: Any, row: Model, admin: Any) -> Any:
    """Return a field's value as it is, and what else a column shows as its text."""
    try:
        _, _, value = lookup_field(column, row, admin)
    except ObjectDoesNotExist:
        return None
    if isinstance(value, SafeString):
        return unescape(strip_tags(value))
    return str(value) if isinstance(value, Model) else value


def _rows(rows: QuerySet[Any]) -> Iterator[Model]:
    """Yield the rows in their order, PAGE of them in memory: by key where that is the order, else by a cursor."""
    key = _key(rows)
    return (
        _pages(rows, key.attname, "lt" if str(rows.query.order_by[0]).startswith("-") else "gt")
        if key
        else _by_cursor(rows)
    )


def _key(rows: QuerySet[Any]) -> "Field[Any, Any] | None":
    """Return the unique field that the rows are ordered by, if one is."""
    order = rows.query.order_by[0]
    return _unique_field(rows.model, order.removeprefix("-")) if isinstance(order, str) else None


def _unique_field(model: type[Model], name: str) -> "Field[Any, Any] | None":
    if name == "pk":
        return model._meta.pk
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if field.unique and not field.null and not field.is_relation else None


def _pages(rows: QuerySet[Any], key: str, lookup: str) -> Iterator[Model]:
    page = list(rows[:PAGE])
    while page:
        yield from page
        after = getattr(page[-1], key)
        page = list(rows.filter(**{f"{key}__{lookup}": after})[:PAGE]) if len(page) == PAGE else []


def _by_cursor(rows: QuerySet[Any]) -> Iterator[Model]:
    with _begun():
        yield from rows.iterator(chunk_size=PAGE)


def _begun() -> AbstractContextManager[Any]:
    """Return a transaction on PostgreSQL, whose cursor would otherwise collect all rows before the first is read.

    On SQLite a transaction would be the only writer's.
    """
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()
