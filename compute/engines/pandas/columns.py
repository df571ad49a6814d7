"""Columns of the pandas engine: cells stay in Arrow; pandas computes on numbers that represent them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import partial
from typing import Any

import pyarrow as pa

from compute.engines.pandas.arrow_values import comparable, is_exact, json_texts, texts, with_one_zero
from compute.files.errors import InexactTogether
from compute.files.formats import BLANKS, MISSING
from compute.files.notation import Notation, exact_number_of, number_of
from compute.operations.cell_types import (
    MELTED_NUMBER,
    MOST_DIGITS,
    SHOWN,
    CastError,
    Cell,
    CellType,
    Family,
)


@dataclass(frozen=True)
class Column:
    """Cells of one type family. JSON is kept as its text."""

    name: str
    family: Family
    array: pa.Array

    def plain(self) -> list[str | None]:
        """Return the text of an untyped column's cells: of JSON, a string's text, and the JSON text of everything else."""
        found: list[str | None] = self.array.to_pylist()
        if self.family != Family.JSON:
            return found
        return [json.loads(text) if text and text.startswith('"') else text for text in found]

    def is_missing(self, null_values: Sequence[str]) -> list[bool]:
        """Return of each cell whether it is a missing value."""
        if self.family.is_untyped:
            words = {*MISSING, *null_values}
            return [text is None or text in words or not text.strip(BLANKS) for text in self.plain()]
        return [value is None or value != value for value in comparable(self.array, self.name)]  # noqa: PLR0124 - NaN

    def take(self, rows: Sequence[int | None]) -> "Column":
        """Return the cells of these rows, missing ones for None."""
        return Column(self.name, self.family, self.array.take(pa.array(rows, pa.int64())))

    def as_key(self) -> "Column":
        """Return the cells as they are compared: one zero, the JSON text of what is nested."""
        if self.family == Family.FLOAT:
            return Column(self.name, self.family, with_one_zero(self.array))
        if self.family == Family.NESTED:
            return Column(self.name, Family.JSON, pa.array(json_texts(self.array, self.name), pa.string()))
        return self


@dataclass(frozen=True)
class Codes:
    """Numbers that represent cells: `codes` has one for each row, null where missing; `cells` are the cells they represent."""

    codes: list[int | None]
    cells: Column


class CellReader:
    """Read columns as cells; `null_values` are texts for missing values, numbers are in `notation`."""

    def __init__(self, null_values: Sequence[str], notation: Notation) -> None:
        self._null_values, self._notation = null_values, notation

    def numbers(self, column: Column, cell: Cell) -> list[Any]:
        """Return the cells as finite numbers, None for missing ones; raise CastError."""
        values: list[Any] = column.plain() if column.family.is_untyped else column.array.to_pylist()
        match cell.kind:
            case CellType.NUMBER:
                return self._parsed(column, cell, values, number_of)
            case CellType.EXACT if cell.scale is None:
                return values
            case CellType.EXACT:
                return self._parsed(column, cell, values, partial(decimal_of, scale=cell.scale or 0))
        return self._parsed(column, cell, values, whole_of)

    def texts(self, column: Column) -> list[str | None]:
        """Return the texts that CSV has for the cells, None for missing ones."""
        written = column.plain() if column.family.is_untyped else texts(column.array, column.name)
        missing = column.is_missing(self._null_values)
        return [None if gone else text for text, gone in zip(written, missing, strict=True)]

    def codes(self, column: Column, cell: Cell) -> Codes:
        """Return numbers for the cells: rows, or ranks where they are compared; raise CastError."""
        missing = column.is_missing(self._null_values)
        if cell.kind in (CellType.RAW, CellType.VALUE):
            is_raw = cell.kind == CellType.RAW
            return Codes([row if is_raw or not gone else None for row, gone in enumerate(missing)], column)
        keyed = column.as_key()
        keys = self._ordered(column, cell) if cell.kind.is_ordered else list(comparable(keyed.array, column.name))
        return _ranked([None if gone else key for key, gone in zip(keys, missing, strict=True)], keyed)

    def _ordered(self, column: Column, cell: Cell) -> list[Any]:
        """What the cells are compared by: numbers, then text; each at last by the cell itself."""
        raw, plain = column.array.to_pylist(), column.plain()
        match cell.kind:
            case CellType.BY_WHOLE:
                numbers: Sequence[Any] = self._parsed(column, cell, plain, whole_of)
            case CellType.BY_NUMBER:
                numbers = self._parsed(column, cell, plain, exact_number_of)
            case CellType.BY_WORD:
                numbers = self._parsed(column, cell, plain, no_number_of)
            case _:
                numbers = [0] * len(raw)
        return list(zip(numbers, plain, raw, strict=True))

    def _parsed(
        self, column: Column, cell: Cell, values: Sequence[Any], parse: Callable[[Any, Notation], Any]
    ) -> list[Any]:
        found = []
        for value, gone in zip(values, column.is_missing(self._null_values), strict=True):
            number = None if gone else parse(value, self._notation)
            if number is None and not gone:
                raise CastError(cell, str(value)[:SHOWN])
            found.append(number)
        return found

    def melted(self, columns: Sequence[Column]) -> tuple[list[float | None], Codes]:
        """Return the numbers and the cells of columns, one behind the other; raise CastError or InexactTogether."""
        numbers: list[Any] = []
        codes: list[int | None] = []
        arrays: list[pa.Array] = []
        type_ = common_type([column.array.type for column in columns], [column.family for column in columns])
        for column in columns:
            numbers += self.numbers(column, Cell(column.name, MELTED_NUMBER.kind))
            kind = CellType.BY_NUMBER if column.family.is_untyped else CellType.KEY
            found, start = self.codes(column, Cell(column.name, kind)), sum(len(array) for array in arrays)
            codes += [None if code is None else start + code for code in found.codes]
            arrays.append(_as_type(found.cells, type_))
        is_json = type_ == pa.string() and {column.family for column in columns} == {Family.JSON}
        family = Family.JSON if is_json else Family.TEXT if type_ == pa.string() else columns[0].family
        return numbers, Codes(codes, Column("", family, pa.concat_arrays(arrays)))


def _ranked(keys: Sequence[Any], column: Column) -> Codes:
    first: dict[Any, int] = {}
    for row, key in enumerate(keys):
        if key is not None:
            first.setdefault(key, row)
    ordered = sorted(first)
    ranks = {key: rank for rank, key in enumerate(ordered)}
    codes = [None if key is None else ranks[key] for key in keys]
    return Codes(codes, column.take([first[key] for key in ordered]))


def whole_of(value: Any, notation: Notation) -> int | None:
    """Return a whole number of 64 bits; None where it is none."""
    number = exact_number_of(value, notation)
    return (
        int(number)
        if number is not None and number == number.to_integral_value() and -(2**63) <= number < 2**63
        else None
    )


def decimal_of(value: Any, notation: Notation, *, scale: int) -> Decimal | None:
    """Return a number with so many fractional digits; None where it is none, has more or, before the point, too many."""
    number = exact_number_of(value, notation)
    if number is None or number.adjusted() >= MOST_DIGITS - scale:
        return None
    with localcontext(prec=2 * MOST_DIGITS):
        rounded = number.quantize(Decimal(1).scaleb(-scale))
    return rounded if rounded == number else None


def no_number_of(value: Any, notation: Notation) -> int | None:
    """Return 0; None where it is a number."""
    return 0 if number_of(value, notation) is None else None


def common_type(types: Sequence[pa.DataType], families: Sequence[Family]) -> pa.DataType:
    """Return the type as which values of all these types come out in one column: exact, or double."""
    if any(family.is_untyped for family in families):
        return pa.string()
    if len(set(types)) == 1:
        return types[0]
    if Family.FLOAT in families:
        return pa.float64()
    if set(families) == {Family.INTEGER}:
        return pa.decimal128(20, 0) if pa.uint64() in types else pa.int64()
    scales = [type_.scale if pa.types.is_decimal(type_) else 0 for type_ in types]
    digits = [type_.precision - type_.scale if pa.types.is_decimal(type_) else 20 for type_ in types]
    return pa.decimal128(38, max(scales)) if max(scales) + max(digits) <= 38 else pa.float64()


def _as_type(column: Column, type_: pa.DataType) -> pa.Array:
    if column.array.type == type_ and column.family != Family.JSON:
        return column.array
    if type_ == pa.string():
        return column.array if column.family == Family.JSON else pa.array(texts(column.array, column.name), type_)
    if type_ != pa.float64():
        return column.array.cast(type_)
    return pa.array([_exact_double(column, value) for value in column.array.to_pylist()], type_)


def _exact_double(column: Column, value: Any) -> float | None:
    if value is None or isinstance(value, float):
        return value
    if not is_exact(value):
        raise InexactTogether(column.name, str(value))
    return float(value)
