"""SQL for a cell: cast a column to the type that an operation needs, and fail in the query where a value does not fit.

Two layers: the casts, each once, and above them the decision. A CASE looks at the next branch only for the rows that
are left, so the usual case goes first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from compute.engines.duckdb.json import SURE_DIGITS, TEMPORAL, JsonValues
from compute.engines.duckdb.sql import is_exact_double, quoted_name, quoted_text, raising
from compute.files.formats import MISSING
from compute.files.notation import PLAIN, Notation
from compute.operations.base import POSITION, Scan
from compute.operations.cell_types import (
    MELTED_GREATEST,
    MELTED_LEAST,
    MELTED_NUMBER,
    MOST_DIGITS,
    Cell,
    CellType,
    Family,
)

_INTEGERS = ("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint", "hugeint")
_FAMILIES = {
    "varchar": Family.TEXT, "null": Family.TEXT, "boolean": Family.BOOLEAN, "uuid": Family.UUID, "blob": Family.BINARY,
    "float": Family.FLOAT, "double": Family.FLOAT, "decimal": Family.DECIMAL, "time": Family.TIME, "time_ns": Family.TIME,
    "enum": Family.TEXT, **dict.fromkeys(_INTEGERS, Family.INTEGER), **dict.fromkeys(TEMPORAL, Family.TIMESTAMP),
    "date": Family.DATE,
}  # fmt: skip
_IN_DOUBLES = frozenset(
    {"float", "double", "tinyint", "smallint", "integer", "utinyint", "usmallint", "uinteger"}
)  # exactly


def family_of(type_: Any) -> Family:
    """Return what a column of a type of DuckDB's holds."""
    return Family.JSON if str(type_) == "JSON" else _FAMILIES.get(type_.id, Family.NESTED)


@dataclass(frozen=True)
class CellReader:
    """Build the queries that read cells; `types` are the columns' types, `null_values` the texts for missing values.

    In `ready` columns there are numbers of the kinds that are asked for, and nulls, already. Text is read in `notation`.
    """

    types: Mapping[str, Any]
    null_values: Sequence[str] = ()
    ready: frozenset[str] = frozenset()
    notation: Notation = PLAIN

    def select(self, scan: Scan, table: str, more: Sequence[str] = ()) -> str:
        """Return the query of the cells, and of the expressions `more`, of each row of a table.

        A row that holds something else makes it fail: `refused`, with the cell's number and the value.
        """
        if scan.melted:
            return self._select_melted(scan, table)
        casts = dict.fromkeys(cast for cell in scan.cells for cast in self._casts(cell))
        wanted = [f"{self.decided(cell, str(n))} AS {quoted_name(cell.name)}" for n, cell in enumerate(scan.cells)]
        return f"SELECT {', '.join([*wanted, *more])} FROM (SELECT {', '.join(['*', *casts])} FROM {table})"

    def _select_melted(self, scan: Scan, table: str) -> str:
        """The number of a cell is that of its column here. One list of cells is planned faster than as many expressions."""
        keys = [f"{self.decided(cell, '0')} AS {quoted_name(cell.name)}" for cell in scan.cells]
        type_, values = self._melted_values(scan.melted)
        position, melted = quoted_name(POSITION), quoted_name(MELTED_LEAST.column)
        rows = [*keys, f"unnest(range({len(values)})) AS {position}", f"unnest([{', '.join(values)}]) AS {melted}"]
        reader = CellReader({MELTED_LEAST.column: type_}, self.null_values, notation=self.notation)
        casts = reader._casts(MELTED_NUMBER)
        number, cell = reader.decided(MELTED_NUMBER, position), reader.decided(MELTED_LEAST, position)
        found = {MELTED_NUMBER: number, MELTED_LEAST: cell, MELTED_GREATEST: cell}
        wanted = [quoted_name(key.name) for key in scan.cells]
        wanted += [f"{expression} AS {quoted_name(each.name)}" for each, expression in found.items()]
        inner = f"SELECT {', '.join(rows)} FROM {table}"
        return f"SELECT {', '.join([*wanted, position])} FROM (SELECT {', '.join(['*', *casts])} FROM ({inner}))"

    def _melted_values(self, columns: Sequence[str]) -> tuple[Any, list[str]]:
        """Return the one type that all these columns can have, and their expressions as that."""
        types = [self.types[column] for column in columns]
        common = common_type(types)
        return common, [
            _as_type(column, type_, common, str(n))
            for n, (column, type_) in enumerate(zip(columns, types, strict=True))
        ]

    def _casts(self, cell: Cell) -> list[str]:
        if cell.column in self.ready:
            return []
        text = self._number_text(cell)
        double, whole = (
            f"TRY_CAST({text} AS DOUBLE) AS {_double(cell)}",
            f"TRY_CAST({text} AS BIGINT) AS {_whole(cell)}",
        )
        if cell.kind in (CellType.WHOLE, CellType.BY_WHOLE):
            return [double, whole]
        if cell.kind == CellType.EXACT and cell.scale is not None:
            return [double, f"TRY_CAST({text} AS DECIMAL({MOST_DIGITS}, {cell.scale})) AS {_exact(cell)}"]
        return (
            [double]
            if cell.kind in (CellType.NUMBER, CellType.BY_NUMBER, CellType.BY_WORD)
            and not self._is_compared_by_type(cell)
            else []
        )

    def decided(self, cell: Cell, number: str) -> str:
        """Return the cell's expression; `number` is the SQL of what an error names it by."""
        column = quoted_name(cell.column)
        if cell.kind == CellType.RAW or cell.column in self.ready:
            return f"{column}::DOUBLE" if cell.kind == CellType.NUMBER else column
        missing = self._missing(cell)
        if cell.kind in (CellType.VALUE, CellType.KEY) or self._is_compared_by_type(cell):
            return (
                f"CASE WHEN {missing} THEN NULL ELSE {column if cell.kind == CellType.VALUE else self._key(cell)} END"
            )
        text = self._text(cell)
        if cell.kind == CellType.TEXT:
            return f"CASE WHEN {missing} THEN NULL ELSE {self._written(cell, text)} END"
        if cell.kind == CellType.BY_TEXT:
            return f"CASE WHEN {text} IS NULL OR {missing} THEN NULL ELSE {_struct({'n': text, 'cell': column})} END"
        refused = raising("refused", f"({number})::VARCHAR", f"{text}::VARCHAR")
        if cell.kind == CellType.BY_WORD:
            word, is_number = _struct({"n": text, "cell": column}), self._is_number(cell)
            return f"CASE WHEN {column} IS NULL OR {missing} THEN NULL WHEN {is_number} THEN {refused} ELSE {word} END"
        return f"CASE WHEN {self._accepted(cell)} WHEN {column} IS NULL OR {missing} THEN NULL ELSE {refused} END"

    def _written(self, cell: Cell, text: str) -> str:
        """The text that CSV has for the cell."""
        return f"base64({text})" if family_of(self.types[cell.column]) == Family.BINARY else f"({text})::VARCHAR"

    def _accepted(self, cell: Cell) -> str:
        """Return the branch of the usual case."""
        column = quoted_name(cell.column)
        if cell.kind == CellType.NUMBER:
            return f"{self._is_number(cell)} THEN {_double(cell)}"
        if cell.kind == CellType.EXACT and cell.scale is None:
            scale = dict(self.types[cell.column].children)["scale"]
            return f"{column} IS NOT NULL THEN {column}::DECIMAL({MOST_DIGITS}, {scale})"
        if cell.kind == CellType.EXACT:
            return f"{self._is_exact(cell)} THEN {_exact(cell)}"
        if cell.kind == CellType.BY_NUMBER:
            return f"{self._is_number(cell)} THEN {self.by_number(cell)}"
        is_whole = f"{_whole(cell)} = {_double(cell)}{self._no_underscore(cell)}"
        whole = (
            _whole(cell)
            if cell.kind == CellType.WHOLE
            else _struct({"n": _whole(cell), "cell": quoted_name(cell.column)})
        )
        return f"{is_whole} THEN {whole}"

    def by_number(self, cell: Cell) -> str:
        """Beside the double, what tells numbers of more digits apart; of numbers that are the same, the text decides."""
        text, written = self._text(cell), self._number_text(cell)
        digits = {
            name: f"CASE WHEN length({text}) > {SURE_DIGITS} THEN TRY_CAST({written} AS DECIMAL(38, {scale})) END"
            for name, scale in (("t", 18), ("h", 0))
        }
        return _struct({"n": _double(cell), **digits, "x": text, "cell": quoted_name(cell.column)})

    def _is_compared_by_type(self, cell: Cell) -> bool:
        """Return whether a cell of a melted column has an order of its own."""
        return cell == MELTED_LEAST and not family_of(self.types[cell.column]).is_untyped

    def _is_number(self, cell: Cell) -> str:
        return f"isfinite({_double(cell)}){self._no_underscore(cell)}"

    def _is_exact(self, cell: Cell) -> str:
        """DuckDB's cast would round: it is exact if the digits are few, or no more behind the point than its scale."""
        text = f"({self._number_text(cell)})::VARCHAR"
        is_short = f"length({text}) <= {SURE_DIGITS} AND {_exact(cell)}::DOUBLE = {_double(cell)}"
        is_plain = f"NOT contains(lower({text}), 'e') AND instr({text}, '.') IN (0, length({text}))"
        has_few = f"NOT contains(lower({text}), 'e') AND length({text}) - instr({text}, '.') <= {cell.scale}"
        is_number = f"{_exact(cell)} IS NOT NULL AND isfinite({_double(cell)})"
        return f"{is_number} AND ({is_short} OR {is_plain} OR {has_few}){self._no_underscore(cell)}"

    def _no_underscore(self, cell: Cell) -> str:
        """DuckDB reads 1_000."""
        return f" AND NOT contains({self._text(cell)}, '_')" if family_of(self.types[cell.column]).is_untyped else ""

    def _key(self, cell: Cell) -> str:
        column, type_ = quoted_name(cell.column), self.types[cell.column]
        match family_of(type_):
            case Family.FLOAT:
                return f"{column} + 0::{type_}"  # -0.0 is 0.0
            case Family.NESTED:
                return f"to_json({JsonValues(cell.column).of(column, type_)})"
        return f"{column}::VARCHAR" if type_.id == "null" else column

    def _missing(self, cell: Cell) -> str:
        text, family = self._text(cell), family_of(self.types[cell.column])
        if family.is_untyped:
            words = ", ".join(map(quoted_text, (*MISSING, *self.null_values)))
            # To trim takes longer than all else, so only what begins with a blank is trimmed.
            return f"{text} IN ({words}) OR ({text} < '!' AND trim({text}, ' \t') = '')"
        # By a Parquet's statistics DuckDB takes isnan() for false.
        return f"NOT isfinite({text}) AND NOT isinf({text})" if family == Family.FLOAT else f"{text} IS NULL"

    def _number_text(self, cell: Cell) -> str:
        """The cell's text as DuckDB writes numbers; null where it is none in the notation."""
        text, notation = self._text(cell), self.notation
        if notation.is_plain or not family_of(self.types[cell.column]).is_untyped:
            return text
        plain = f"replace({text}, {quoted_text(notation.thousands)}, '')" if notation.thousands else text
        plain = f"replace({plain}, {quoted_text(notation.decimal)}, '.')"
        return f"CASE WHEN regexp_matches({text}, {quoted_text(notation.pattern)}) THEN {plain} END"

    def _text(self, cell: Cell) -> str:
        column, type_ = quoted_name(cell.column), self.types[cell.column]
        if type_.id == "null":
            return f"{column}::VARCHAR"
        return f"({column}->>'$')" if str(type_) == "JSON" else column


def common_type(types: Sequence[Any]) -> Any:
    """Return the type as which values of all these types come out in one column: exact, or DOUBLE."""
    families = {family_of(type_) for type_ in types}
    if len({str(type_) for type_ in types}) == 1:
        return duckdb.sqltype("VARCHAR") if types[0].id == "null" else types[0]
    if families & {Family.TEXT, Family.JSON}:
        return duckdb.sqltype("VARCHAR")
    if Family.FLOAT in families:
        return duckdb.sqltype("DOUBLE")
    if families == {Family.INTEGER}:
        return duckdb.sqltype("DECIMAL(20, 0)" if "ubigint" in {type_.id for type_ in types} else "BIGINT")
    scales = [dict(type_.children)["scale"] if type_.id == "decimal" else 0 for type_ in types]
    digits = [
        dict(type_.children)["precision"] - scale if type_.id == "decimal" else 20
        for type_, scale in zip(types, scales, strict=True)
    ]
    fits = max(scales) + max(digits) <= 38
    return duckdb.sqltype(f"DECIMAL(38, {max(scales)})" if fits else "DOUBLE")


def _as_type(column: str, type_: Any, common: Any, number: str) -> str:
    name = quoted_name(column)
    if str(type_) == str(common):
        return name
    if common.id == "varchar" and str(type_) == "JSON":
        return f"({name}->>'$')"
    if common.id != "double" or type_.id in _IN_DOUBLES:
        return f"{name}::{common}"
    inexact = raising("inexact", quoted_text(number), f"{name}::VARCHAR")
    is_exact = is_exact_double(name, "HUGEINT" if type_.id in ("bigint", "ubigint") else type_)
    return f"CASE WHEN {name} IS NULL OR {is_exact} THEN {name}::DOUBLE ELSE {inexact} END"


def _struct(members: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {expression}" for name, expression in members.items()) + "}"


def _double(cell: Cell) -> str:
    return quoted_name(f"double:{cell.column}")


def _exact(cell: Cell) -> str:
    return quoted_name(f"exact:{cell.column}")


def _whole(cell: Cell) -> str:
    return quoted_name(f"whole:{cell.column}")
