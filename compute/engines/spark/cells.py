"""SQL for a cell in Spark: cast a column to the type that an operation needs, and fail where a value does not fit.

SQL, for each call of Spark's own functions is a question to the JVM.
"""

import re
from collections.abc import Mapping, Sequence

from compute.files.formats import MAX_ROW_BYTES, MISSING, Source
from compute.files.notation import Notation
from compute.operations.base import POSITION, ROW, Scan
from compute.operations.cell_types import (
    MELTED_GREATEST,
    MELTED_LEAST,
    MELTED_NUMBER,
    MOST_DIGITS,
    SHOWN,
    Cell,
    CellType,
    Family,
)

SURE_DIGITS = 15  # so many decimal digits any double tells apart
_FAMILIES = {
    "string": Family.TEXT, "boolean": Family.BOOLEAN, "date": Family.DATE, "binary": Family.BINARY,
    "timestamp": Family.TIMESTAMP, "timestamp_ntz": Family.TIMESTAMP, "float": Family.FLOAT, "double": Family.FLOAT,
    "tinyint": Family.INTEGER, "smallint": Family.INTEGER, "int": Family.INTEGER, "bigint": Family.INTEGER,
}  # fmt: skip
NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
RAISED = re.compile(r"(refused|inexact)\x1f(\d+)\x1f(.*?)\x1f", re.DOTALL)
_IN_DOUBLES = frozenset({"float", "double", "tinyint", "smallint", "int"})  # exactly
NO_PLAIN_ROW = "no plain row\x1f"
LONGEST_LINE = MAX_ROW_BYTES - len(b"\r\n")


def quoted_name(name: str) -> str:
    """Return an identifier."""
    return "`" + name.replace("`", "``") + "`"


def quoted_text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def line_is_row(source: Source) -> str:
    """Return the condition on a CSV's line, `value` with its number ROW, to be a row: no header, no blank line."""
    is_behind_header = f"{quoted_name(ROW)} > 0"
    return is_behind_header if len(source.columns) == 1 else f"{is_behind_header} AND value <> ''"


def cells_of_line(source: Source) -> str:
    """Return a CSV's line, `value`, as a struct of text: c0, c1 and so on.

    Only where the line is a row for sure: valid UTF-8, not too long, no line end inside, quotes as RFC 4180 has them, as many
    cells as the header. Anything else makes the query fail with NO_PLAIN_ROW, or as malformed.
    """
    border = re.escape(source.delimiter)
    quoted_cell = quoted_text(f'(^|{border})"[^"]*"(?={border}|$)')
    unquoted = f"regexp_replace(replace(value, '\"\"', ''), {quoted_cell}, '$1')"
    no_text = f"NOT is_valid_utf8(value) OR octet_length(value) > {LONGEST_LINE}"
    has_line_end = "contains(value, '\\n') OR contains(value, '\\r')"
    no_row = f"{no_text} OR {has_line_end} OR (contains(value, '\"') AND contains({unquoted}, '\"'))"
    line = f"CASE WHEN {no_row} THEN raise_error({quoted_text(NO_PLAIN_ROW)}) ELSE value END"
    schema = ", ".join(f"c{number} STRING" for number in range(len(source.columns)))
    options = f"map('sep', {quoted_text(source.delimiter)}, 'escape', '\"', 'emptyValue', '', 'mode', 'FAILFAST')"
    return f"from_csv({line}, '{schema}', {options})"


def family_of(type_: str) -> Family:
    """Return what a column of Spark's type holds."""
    return Family.DECIMAL if type_.startswith("decimal") else _FAMILIES[type_]


class CellReader:
    """Build the expressions that read cells; `null_values` are texts for missing values, numbers are in `notation`."""

    def __init__(
        self, columns: Mapping[str, str], types: Mapping[str, str], null_values: Sequence[str], notation: Notation
    ) -> None:
        self._columns, self._types, self._notation = columns, types, notation
        self._missing_texts = ", ".join(quoted_text(value) for value in (*MISSING, *null_values))

    def select(self, scan: Scan) -> list[str]:
        """Return the expressions of the cells; a row that holds something else makes the query fail as RAISED finds it."""
        cells = [self._cell(number, cell) for number, cell in enumerate(scan.cells)]
        return [*cells, self._melted(scan)] if scan.melted else cells

    def _melted(self, scan: Scan) -> str:
        """The number of a cell is that of its column here."""
        common = _common_type([self._types[column] for column in scan.melted])
        rows = []
        for n, column in enumerate(scan.melted):
            number = self._decided(n, Cell(column, CellType.NUMBER))
            cell = self._decided(n, Cell(column, CellType.BY_NUMBER), self._as_type(n, column, common))
            found = {POSITION: str(n), MELTED_NUMBER.name: number, MELTED_LEAST.name: cell, MELTED_GREATEST.name: cell}
            rows.append(_struct(**found))
        return f"inline(array({', '.join(rows)}))"

    def _as_type(self, number: int, column: str, common: str) -> str:
        value, type_ = self._columns[column], self._types[column]
        if type_ == common or common != "double" or type_ in _IN_DOUBLES:
            return f"CAST({value} AS {common})"
        back = f"CAST(CAST({value} AS DOUBLE) AS {'DECIMAL(20, 0)' if type_ == 'bigint' else type_})"
        head, tail = quoted_text(f"inexact\x1f{number}\x1f"), quoted_text("\x1f")
        inexact = f"raise_error(concat({head}, string({value}), {tail}))"
        return f"CASE WHEN {value} IS NULL OR {back} = {value} THEN CAST({value} AS DOUBLE) ELSE {inexact} END"

    def _cell(self, number: int, cell: Cell) -> str:
        return f"{self._decided(number, cell)} AS {quoted_name(cell.name)}"

    def _decided(self, number: int, cell: Cell, as_cell: str = "") -> str:
        column, type_ = self._columns[cell.column], self._types[cell.column]
        if cell.kind == CellType.RAW:
            return column
        missing = self._missing(column, type_)
        text = f"string({column})"
        if cell.kind in (CellType.VALUE, CellType.KEY, CellType.TEXT):
            written = f"base64({column})" if type_ == "binary" else text
            value = written if cell.kind == CellType.TEXT else column
            return f"CASE WHEN {missing} THEN NULL ELSE {value} END"
        if cell.kind == CellType.BY_TEXT:
            return f"CASE WHEN {column} IS NULL OR {missing} THEN NULL ELSE {_struct(n=text, cell=column)} END"
        written = self._number_text(column) if type_ == "string" else column
        double = f"try_cast({written} AS DOUBLE)"
        is_number = f"{double} IS NOT NULL AND abs({double}) < double('inf')"
        if type_ == "string":
            is_number = f"{written} RLIKE {quoted_text(NUMBER)} AND {is_number}"  # Java reads 1d and 0x1p3
        head, tail = quoted_text(f"refused\x1f{number}\x1f"), quoted_text("\x1f")
        refused = f"raise_error(concat({head}, left({text}, {SHOWN}), {tail}))"
        if cell.kind == CellType.BY_WORD:
            word = _struct(n=text, cell=column)
            return f"CASE WHEN {column} IS NULL OR {missing} THEN NULL WHEN {is_number} THEN {refused} ELSE {word} END"
        if cell.kind == CellType.EXACT:
            return self._exact(cell, column, written, (double, is_number, missing, refused))
        accepted, value = _accepted(cell.kind, written, as_cell or column, double, text)
        return f"CASE WHEN {is_number}{accepted} THEN {value} WHEN {column} IS NULL OR {missing} THEN NULL ELSE {refused} END"

    def _exact(self, cell: Cell, column: str, written: str, parts: tuple[str, str, str, str]) -> str:
        """Spark's cast would round: it is exact if the digits are few, or no more behind the point than its scale."""
        if cell.scale is None:
            scale = self._types[cell.column].partition(",")[2].strip(" )")
            return f"CAST({column} AS DECIMAL({MOST_DIGITS}, {scale}))"
        double, is_number, missing, refused = parts
        exact, text = f"try_cast({written} AS DECIMAL({MOST_DIGITS}, {cell.scale}))", f"string({written})"
        is_short = f"length({text}) <= {SURE_DIGITS} AND CAST({exact} AS DOUBLE) = {double}"
        has_few = f"NOT contains(lower({text}), 'e') AND length({text}) - instr({text}, '.') <= {cell.scale}"
        is_plain = f"NOT contains(lower({text}), 'e') AND instr({text}, '.') IN (0, length({text}))"
        fits = f"{is_number} AND {exact} IS NOT NULL AND ({is_short} OR {is_plain} OR {has_few})"
        return f"CASE WHEN {fits} THEN {exact} WHEN {column} IS NULL OR {missing} THEN NULL ELSE {refused} END"

    def _number_text(self, column: str) -> str:
        """A cell's text as Spark writes numbers; null where it is none in the notation."""
        notation = self._notation
        if notation.is_plain:
            return column
        text = f"replace({column}, {quoted_text(notation.thousands)}, '')" if notation.thousands else column
        text = f"replace({text}, {quoted_text(notation.decimal)}, '.')"
        return f"CASE WHEN {column} RLIKE {quoted_text(notation.pattern)} THEN {text} END"

    def _missing(self, column: str, type_: str) -> str:
        if type_ == "string":
            return f"{column} IN ({self._missing_texts}) OR trim(BOTH ' \t' FROM {column}) = ''"
        return f"isnan({column})" if type_ in ("float", "double") else f"{column} IS NULL"


def _accepted(kind: CellType, written: str, cell: str, double: str, text: str) -> tuple[str, str]:
    """Return what a number must be beside, and the value; `written` is how Spark writes it."""
    if kind == CellType.NUMBER:
        return "", double
    if kind == CellType.BY_NUMBER:
        digits = {
            name: f"CASE WHEN length({text}) > {SURE_DIGITS} THEN try_cast({written} AS DECIMAL(38, {scale})) END"
            for name, scale in (("t", 18), ("h", 0))
        }
        return "", _struct(n=double, **digits, x=text, cell=cell)
    whole = _whole(written, double)
    return f" AND {whole} IS NOT NULL", whole if kind == CellType.WHOLE else _struct(n=whole, cell=cell)


def _common_type(types: Sequence[str]) -> str:
    """Return the type as which values of all these types come out in one column."""
    if len(set(types)) == 1:
        return types[0]
    if "string" in types:
        return "string"
    return "bigint" if {family_of(type_) for type_ in types} == {Family.INTEGER} else "double"


def _whole(column: str, double: str) -> str:
    """64-bit integers, of `1e3` and `5.` too."""
    is_small = f"abs({double}) < 9.3e18D"  # or floor() overflows, in an error
    of_double = (
        f"CASE WHEN {is_small} THEN CASE WHEN {double} = floor({double}) THEN try_cast({double} AS BIGINT) END END"
    )
    return f"coalesce(try_cast({column} AS BIGINT), {of_double})"


def _struct(**members: str) -> str:
    pairs = [f"'{name}', {expression}" for name, expression in members.items()]
    return f"named_struct({', '.join(pairs)})"
