"""The rejected rows of an import as a form shows them and as it is sent back, cell by cell."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from config.api.imports.loading import FileSpec
from config.api.imports.mending import DELIMITER, MendedRow, version_of
from config.api.imports.models import ImportRunBase
from config.api.imports.parsing import Reason, reasons_of

MOST_ROWS = 25  # of one form
MOST_BYTES = 64 * 1024  # of the cells of one form; sent as a form, each may be three
WIDE = 60  # characters from which on a cell has several lines to be edited in
ROW, VERSION = "row", "version"  # names of the form; a cell's is its row's number and its column
LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Cell:
    """A cell that can be changed, with what is wrong with it."""

    name: str  # of the input
    column: str
    text: str
    messages: Sequence[str] = ()

    @property
    def is_wide(self) -> bool:
        """Return whether it needs more than one line."""
        return len(self.text) > WIDE or "\n" in self.text


@dataclass(frozen=True)
class Row:
    """A rejected row as the form shows it; one without cells cannot be mended here, and `why_not` says why."""

    reject: Any
    version: str
    cells: Sequence[Cell] = ()
    messages: Sequence[str] = ()  # about the row as a whole
    why_not: str = ""
    is_changed: bool = False  # by the form that was sent
    is_stale: bool = False  # it is no longer what the sender of the form saw

    @property
    def wrong(self) -> list[Cell]:
        """Return the cells that have to be mended."""
        return [cell for cell in self.cells if cell.messages]

    def as_mended(self) -> MendedRow:
        """Return what is imported of it."""
        cells = {cell.column: cell.text for cell in self.cells}
        return MendedRow(self.reject.pk, self.version, self.reject.file, self.reject.line, cells)


def can_be_mended(run: ImportRunBase) -> bool:
    """Return whether rejected rows of a run can be mended: those of a dry run come again when its files are imported."""
    return run.status == ImportRunBase.Status.COMPLETED_WITH_REJECTS and not run.dry_run


def next_rows(run: Any, specs: Mapping[str, FileSpec], *, after: int) -> list[Row]:
    """Return the next rejected rows, as many as one form takes."""
    if not can_be_mended(run):
        return []
    rows: list[Row] = []
    left = MOST_BYTES
    for reject in run.rejects.filter(pk__gt=after).order_by("pk")[:MOST_ROWS]:
        row = _row_of(reject, specs[reject.file])
        left -= sum(len(cell.text.encode()) for cell in row.cells)
        if rows and left < 0:
            break
        rows.append(row)
    return rows


def _row_of(reject: Any, spec: FileSpec) -> Row:
    row = Row(reject, version_of(reject), messages=[_said(each) for each in reject.reasons])
    if not reject.raw and not reject.row:
        return replace(row, why_not=_("This row was not stored, so it cannot be corrected."))
    texts = {name: reject.row.get(name, "") for name in spec.row_format.names}
    if len(reject.raw.encode()) > MOST_BYTES:
        return replace(
            row, why_not=_("This row is too long to be corrected here: download the rejected rows as a file.")
        )
    return _with_reasons(replace(row, cells=_cells(reject, texts, [])), reject.reasons)


def _with_reasons(row: Row, reasons: Sequence[Reason]) -> Row:
    texts = {cell.column: cell.text for cell in row.cells}
    about_it_all = [_said(each) for each in reasons if each["field"] not in texts]
    return replace(row, cells=_cells(row.reject, texts, reasons), messages=about_it_all)


def _cells(reject: Any, texts: Mapping[str, str], reasons: Iterable[Reason]) -> list[Cell]:
    found = list(reasons)
    return [
        Cell(f"{reject.pk}-{name}", name, text, [each["message"] for each in found if each["field"] == name])
        for name, text in texts.items()
    ]


def _said(reason: Reason) -> str:
    return f"{reason['field']} {reason['message']}".strip()


def posted_rows(run: Any, specs: Mapping[str, FileSpec], posted: QueryDict) -> list[Row]:
    """Return the rows of a form as they were sent; raise Http404 for more than a form has."""
    keys, versions = posted.getlist(ROW), posted.getlist(VERSION)
    if len(keys) > MOST_ROWS or len(keys) != len(versions) or not can_be_mended(run):
        raise Http404
    seen = dict(zip(map(number_of, keys), versions, strict=True))
    rejects = run.rejects.filter(pk__in=seen).order_by("pk")
    return [_posted_row(_row_of(reject, specs[reject.file]), seen[reject.pk], posted) for reject in rejects]


def _posted_row(row: Row, seen: str, posted: QueryDict) -> Row:
    """Put the cells that were sent into a row. One that changed meanwhile is shown as it is now."""
    if seen != row.version:
        return replace(row, is_stale=True)
    cells = [replace(cell, text=_text(posted.get(cell.name), cell.text)) for cell in row.cells]
    is_changed = any(new.text != old.text for new, old in zip(cells, row.cells, strict=True))
    return replace(row, cells=cells, is_changed=is_changed)


def _text(sent: str | None, was: str) -> str:
    """Return what was sent. Browsers send other line ends than a cell may have had: these are no change."""
    if sent is None or LINE_END.sub("\n", sent) == LINE_END.sub("\n", was):
        return was
    return LINE_END.sub("\n", sent)


def is_worth_trying(row: Row, specs: Mapping[str, FileSpec]) -> bool:
    """Return whether a row was changed, or was rejected for what may have changed elsewhere: its customer, another row."""
    row_format = specs[row.reject.file].row_format.in_text_delimited_by(DELIMITER)
    return row.is_changed or not reasons_of(row_format, [cell.text for cell in row.cells])


def as_checked(rows: Sequence[Row], mended: Sequence[MendedRow], run: Any) -> list[Row]:
    """Return the rows with what a dry run says of those that it had."""
    said = {(reject.file, reject.line): reject.reasons for reject in run.rejects.all()}
    tried = {row.reject_id for row in mended}
    return [
        _with_reasons(row, said.get((row.reject.file, row.reject.line), [])) if row.reject.pk in tried else row
        for row in rows
    ]


def tables(rows: Sequence[Row], specs: Mapping[str, FileSpec]) -> Iterator[tuple[str, Sequence[str], list[Row]]]:
    """Yield the rows by file: their columns differ."""
    order = list(specs)
    by_file = sorted(rows, key=lambda row: order.index(row.reject.file))
    for name, found in groupby(by_file, key=lambda row: str(row.reject.file)):
        yield name, specs[name].row_format.names, list(found)


def number_of(text: str | None) -> int:
    """Return a row's key that came from outside; 0, which no row has, for what cannot be one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < len(str(2**63)) else 0
