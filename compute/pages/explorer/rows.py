"""The rows of a file's page: those that fit the filters, in the order that is asked for, a page of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.pages.explorer.address import Address
from compute.pages.explorer.question import Question
from compute.pages.preview import Preview, preview_of
from compute.pages.tables import Column, Table

PAGE_ROWS = 100  # the first ones are also what columns are judged by
MOST_ROW = 10**12


@dataclass(frozen=True)
class Header:
    """The head of a column: the link that sorts by it, and how it is sorted now (blank, "asc" or "desc")."""

    column: Column
    sorted: str
    link: str


@dataclass(frozen=True)
class RowsInView:
    """A page of rows: the number of the first, and of the last where there are rows, and the links to those around it."""

    preview: Preview
    first: int
    headers: Sequence[Header] = ()
    cells: Sequence[Sequence[tuple[str | None, bool]]] = ()
    before: str = ""
    after: str = ""
    problems: Sequence[str] = ()

    @property
    def last(self) -> int:
        """The number of the last row."""
        return self.first + len(self.cells) - 1


def rows_in_view(
    address: Address, question: Question, head: Preview, asked: Mapping[str, Any], columns: Sequence[Column]
) -> RowsInView:
    """Return the rows that an address asks for. `head` has the first rows of the file, `asked` what all previews of it ask."""
    first = address.number("row", 1, most=MOST_ROW)
    chosen, problems = question.rows()
    if first > 1:
        chosen |= {"offset": first - 1}
    preview = preview_of(**asked, rows=PAGE_ROWS, chosen=chosen) if chosen else head
    if preview.table is None:
        return RowsInView(preview, first, problems=problems)
    before = address.setting("row", max(first - PAGE_ROWS, 1)) if first > PAGE_ROWS + 1 else address.without("row")
    after = address.setting("row", first + PAGE_ROWS)
    return RowsInView(
        preview,
        first,
        [_header(address, column) for column in columns],
        _cells(preview.table, columns),
        before.to("rows") if first > 1 else "",
        after.to("rows") if len(preview.table.rows) == PAGE_ROWS else "",
        problems,
    )


def _header(address: Address, column: Column) -> Header:
    now = next(
        (order.partition(":")[0] for order in address.all("order") if order.partition(":")[2] == column.name), ""
    )
    following = {"": f"asc:{column.name}", "asc": f"desc:{column.name}"}.get(now, "")
    return Header(column, now, address.setting("order", following).without("row").to("rows"))


def _cells(table: Table, columns: Sequence[Column]) -> list[list[tuple[str | None, bool]]]:
    """The cells of the columns in view, each with whether it is a number's."""
    places = {column.name: place for place, column in enumerate(table.columns)}
    wanted = [(places[column.name], column.is_number) for column in columns]
    return [[(row[place], is_number) for place, is_number in wanted] for row in table.rows]
