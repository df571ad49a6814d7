"""Types of columns and cells: what each type can be asked for, and how a column is read. Free of engines.

This is the one place that decides what each type can be asked for; `docs/compute.md` has it as a table. Missing values (null,
blank text, the text or number NaN, the texts of `null_values`) are null in all cells but RAW ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import narwhals as nw

from compute.files.errors import (
    EngineSignal,
    MixedColumn,
    NotComparable,
    NotNumeric,
    UnknownColumn,
    UntypedOnly,
    notation_mend,
    null_value_mend,
    quoted,
)
from compute.files.notation import PLAIN, Notation, exact_number_of, notations_of, number_of


class Family(StrEnum):
    """Type family of a column in its format. TEXT and JSON are untyped: their values decide whether they are numbers."""

    TEXT = "text"
    JSON = "json"
    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    UUID = "uuid"
    BINARY = "binary"
    NESTED = "nested"  # lists, structs, maps

    @property
    def is_untyped(self) -> bool:
        return self in (Family.TEXT, Family.JSON)

    @property
    def is_numeric(self) -> bool:
        return self in (Family.INTEGER, Family.FLOAT, Family.DECIMAL)


class Reading(StrEnum):
    """How an untyped column is compared: the most specific of these that fits all values."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"


class CellType(StrEnum):
    """Type that a column is read as. A BY_ type is the cell as it stands in the file, ordered by its value."""

    RAW = "raw"  # as it stands in the file, to be copied
    VALUE = "value"  # as it stands in the file, the missing null
    KEY = "key"  # a VALUE that is compared: 0.0 and -0.0 are one, what is nested is its JSON text
    TEXT = "text"  # as CSV has it, the missing null
    WHOLE = "whole"  # a 64-bit integer
    EXACT = "exact"  # a decimal of 38 digits, so many of them fractional as the cell's scale says
    NUMBER = "number"  # a double
    BY_WHOLE = "by_whole"
    BY_NUMBER = "by_number"
    BY_WORD = "by_word"  # by its text, which is no number
    BY_TEXT = "by_text"

    @property
    def is_ordered(self) -> bool:
        return self.startswith("by_")


BY_READING = {Reading.INTEGER: CellType.BY_WHOLE, Reading.NUMBER: CellType.BY_NUMBER, Reading.TEXT: CellType.BY_WORD}


@dataclass(frozen=True)
class Cell:
    """A column read as a type; `name` is its name in the frame. `scale`: of EXACT, None for that of the column's type."""

    column: str
    kind: CellType
    scale: int | None = None

    @property
    def name(self) -> str:
        return inner_name(self.kind, self.column)

    @property
    def expression(self) -> nw.Expr:
        return nw.col(self.name)


MOST_DIGITS, MOST_SCALE = 38, 28  # of an EXACT cell; with more behind the point Spark's sums round
SHOWN = 80  # characters of a value that a finding has


class CastError(EngineSignal):
    """A value does not fit the type that its column was read as; another type may fit.

    `value` is it, or the first SHOWN characters of it.
    """

    def __init__(self, cell: Cell, value: str) -> None:
        super().__init__(value)
        self.cell = cell
        self.value = value


# Of a frame that has each row once for each of several columns: the number there, and the cell, of which the least and the
# greatest are asked for. They are the same unless an engine knows already which they are.
MELTED_NUMBER = Cell(":melted", CellType.NUMBER)
MELTED_LEAST, MELTED_GREATEST = Cell(":melted", CellType.BY_NUMBER), Cell(":greatest", CellType.BY_NUMBER)


def inner_name(prefix: str, name: str) -> str:
    """Return what a frame calls something before the end: without what Spark takes for syntax in a name."""
    return f"{prefix}:" + name.replace("%", "%25").replace(".", "%2E").replace("`", "%60")


@dataclass
class Table:
    """The columns of a file and how to read each, as requested or as found out.

    `declared`: as what the caller says untyped columns are, Reading.TEXT or Reading.NUMBER. `found`: as what they turned out
    to be; `words`: for each that has one, a value that is no number. `scales`: how many fractional digits the numbers of a
    column have, None where they are too many, or digits are, to be summed exactly. `sums`: as what all sums fitted so far.
    """

    families: Mapping[str, Family]
    declared: Mapping[str, Reading] = field(default_factory=dict)
    found: dict[str, Reading] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    notation: Notation = PLAIN
    scales: dict[str, int | None] = field(default_factory=dict)
    sums: CellType = CellType.WHOLE

    def __post_init__(self) -> None:
        """Raise UnknownColumn or UntypedOnly for what is declared wrongly."""
        self.check_known(self.declared, "read.types")
        for column in self.declared:
            if not self.families[column].is_untyped:
                raise UntypedOnly(column, self.families[column])

    def check_known(self, asked: Sequence[str] | Mapping[str, object], field: str) -> None:
        """Raise UnknownColumn unless all that is asked for is there."""
        for column in asked:
            if column not in self.families:
                raise UnknownColumn(column, list(self.families), field=field)

    def reading(self, column: str) -> Reading:
        """Return as what an untyped column is read, as far as is known."""
        return self.found.get(column, Reading.INTEGER)

    def read_as(self, column: str, kinds: set[CellType]) -> str:
        """Return in a word as what a column was read that was needed as these kinds."""
        if not self.families[column].is_untyped or not kinds - {
            CellType.RAW,
            CellType.VALUE,
            CellType.KEY,
            CellType.TEXT,
        }:
            return self.families[column]
        if CellType.EXACT in kinds:
            return Reading.NUMBER if self.scales.get(column) else Reading.INTEGER
        if CellType.NUMBER in kinds and self.reading(column) == Reading.INTEGER:
            return Reading.NUMBER
        return Reading.TEXT if CellType.BY_TEXT in kinds else self.reading(column)

    def sum_of(self, column: str, field: str) -> Cell:
        """Return the cell whose sum or mean is asked for: exact where 38 digits suffice."""
        cell = self.number_of(column, field)
        family = self.families[column]
        if family == Family.FLOAT or self.sums == CellType.NUMBER:
            return cell
        if family == Family.DECIMAL:
            return Cell(column, CellType.EXACT)
        if self.sums == CellType.WHOLE and column not in self.scales:
            return Cell(column, CellType.WHOLE)
        scale = self.scales.get(column, 0)
        return cell if scale is None else Cell(column, CellType.EXACT, scale)

    def widen_sums(self) -> bool:
        """Take note that a sum did not fit; return whether there is a wider type."""
        self.sums, fitted = CellType.EXACT if self.sums == CellType.WHOLE else CellType.NUMBER, self.sums
        return fitted != CellType.NUMBER

    def number_of(self, column: str, field: str) -> Cell:
        """Return the cell that is computed on; raise NotNumeric where the type says that it cannot be."""
        family = self.families[column]
        if not family.is_untyped and not family.is_numeric:
            raise NotNumeric(column, f"its values are of type {family}.", field=field)
        if self.declared.get(column) == Reading.TEXT:
            raise NotNumeric(column, "the request says in read.types that it is text.", field=field)
        return Cell(column, CellType.NUMBER)

    def ordered(self, column: str, field: str) -> Cell:
        """Return the cell whose least or greatest is asked for; raise NotComparable."""
        family = self.families[column]
        if family == Family.NESTED:
            raise NotComparable(column, field=field)
        if not family.is_untyped:
            return Cell(column, CellType.KEY)
        if self.declared.get(column) == Reading.TEXT:
            return Cell(column, CellType.BY_TEXT)
        return Cell(column, BY_READING[self.reading(column)])

    def note_refused(self, cell: Cell, value: str, *, field: str, must_be_number: bool) -> None:
        """Take note that a cell's column holds `value`, which it cannot be read as; raise NotNumeric or MixedColumn."""
        column = cell.column
        may_be_text = cell.kind.is_ordered and not must_be_number and column not in self.declared
        if cell.kind == CellType.BY_WORD:
            raise MixedColumn(column, number=value, word=self.words[column], field=field)
        if may_be_text and (cell.kind == CellType.BY_NUMBER or is_word(value, self.notation)):
            self.found[column], self.words[column] = Reading.TEXT, value
        elif cell.kind in (CellType.WHOLE, CellType.EXACT):
            self.scales[column] = self._wider_scale(value, cell.scale)
        elif cell.kind == CellType.BY_WHOLE:
            self.found[column] = Reading.NUMBER
        else:
            raise self._not_numeric(column, value, field)

    def _wider_scale(self, value: str, before: int | None) -> int | None:
        """Return how many fractional digits a value has that does not fit; None where it would not fit with them either."""
        number = exact_number_of(value, self.notation)
        scale = MOST_DIGITS if number is None else max(-int(number.as_tuple().exponent), 0)
        return scale if scale <= MOST_SCALE and (before is None or scale > before) else None

    def _not_numeric(self, column: str, value: str, field: str) -> NotNumeric:
        """Return the error that says how to have the value read as a number, or as a missing one."""
        if not self.families[column].is_untyped:
            return NotNumeric(column, f"it holds {quoted(value)}. Only finite numbers are computed on.", field=field)
        read = next((each.as_read() for each in notations_of(value)), {"null_values": [value]})
        why = f"it holds {quoted(value)}. {notation_mend(value)}{null_value_mend(value)}"
        return NotNumeric(column, why, field=field, read=read)


def is_word(value: str, notation: Notation) -> bool:
    """Return whether a finding's value is no number for sure: not only the beginning of one."""
    return len(value) < SHOWN and number_of(value, notation) is None
