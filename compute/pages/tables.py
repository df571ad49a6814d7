"""A table to show: cells as text, and the kind of each column. Imports no models."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from compute.files.notation import NOTATIONS, PLAIN, Notation
from compute.operations.cell_types import Reading

# Numbers as the operations understand them; what begins with a zero that means nothing is rather an identifier.
NUMBER = re.compile(r"\s*[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
UNTYPED = ("String", "Unknown")
NUMERIC_TYPES = ("Int", "UInt", "Float", "Decimal")


class ColumnKind(StrEnum):
    """Kind of a column, from its type or else from its first values."""

    NUMBER = "number"
    TEXT = "text"
    EMPTY = "no values yet"


KINDS = {Reading.TEXT: ColumnKind.TEXT, Reading.NUMBER: ColumnKind.NUMBER}


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    kind: ColumnKind
    type: str  # as the file's format has it

    @property
    def is_number(self) -> bool:
        return self.kind == ColumnKind.NUMBER

    @property
    def is_untyped(self) -> bool:
        """Return whether its values say what it is, or who asks: text and JSON have no types."""
        return self.type in UNTYPED


@dataclass(frozen=True)
class Table:
    """Columns and rows; a missing value is None."""

    columns: list[Column]
    rows: list[list[str | None]]

    def cells(self, *, rows: int, columns: int) -> list[list[tuple[str | None, bool]]]:
        """Return the first of them, each with whether it is a number's."""
        are_numbers = [column.kind == ColumnKind.NUMBER for column in self.columns[:columns]]
        return [list(zip(row, are_numbers, strict=False)) for row in self.rows[:rows]]


def table_of(
    text: bytes,
    columns: Sequence[tuple[str, str]],
    notation: Notation = PLAIN,
    declared: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """Return the table that `text`, a JSON array of records, holds of the columns, given by name and type.

    Numbers stay as they are written, those beyond 64 bits too; text is a number where it is one in `notation`. `declared`
    says of columns what they are, as `read.types` does.
    """
    records = json.loads(text, parse_int=str, parse_float=str)
    rows = [[_cell(record.get(name)) for name, _ in columns] for record in records]
    kinds = [
        KINDS[Reading(declared[name])] if name in declared else _kind(type_, [row[place] for row in rows], notation)
        for place, (name, type_) in enumerate(columns)
    ]
    return Table([Column(name, kind, type_) for (name, type_), kind in zip(columns, kinds, strict=True)], rows)


def _cell(value: Any) -> str | None:
    if value is None or value in ("", "NaN"):
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kind(type_: str, cells: Sequence[str | None], notation: Notation) -> ColumnKind:
    there = [cell for cell in cells if cell is not None]
    if type_.startswith(NUMERIC_TYPES):
        return ColumnKind.NUMBER
    if not there:
        return ColumnKind.EMPTY
    return ColumnKind.NUMBER if all(_is_number(cell, notation) for cell in there) else ColumnKind.TEXT


def _is_number(cell: str, notation: Notation) -> bool:
    text = cell if notation.is_plain else notation.plain(cell)
    return text is not None and NUMBER.fullmatch(text) is not None


def other_notation(table: Table) -> Notation | None:
    """Return the notation in which a column of text would be one of numbers, if there is such a column."""
    for place, column in enumerate(table.columns):
        cells = [cell for row in table.rows if (cell := row[place]) is not None]
        if column.kind == ColumnKind.TEXT:
            for notation in NOTATIONS:
                if all(_is_number(cell, notation) for cell in cells):
                    return notation
    return None
