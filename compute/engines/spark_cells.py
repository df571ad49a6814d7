"""The SQL of a cell in Spark: a column as what an operation asked for, refused from within the query where it is not that.

SQL, for each call of Spark's own functions is a question to the JVM.
"""

import re

from compute.csv_file import MAX_ROW_BYTES
from compute.faults import NotThatKind
from compute.formats import Source
from compute.operations import ROW, Cell, Kind

INTEGERS = frozenset({"tinyint", "smallint", "int", "bigint"})
NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
REFUSED = re.compile(r"refused\x1f(\d+)\x1f(.*?)\x1f", re.DOTALL)
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


def cell_of(number: int, cell: Cell, column: str, type_: str) -> str:
    """Return the cell with this number over a column, SQL of this type; raise NotThatKind where the type says it all."""
    return f"{_decided(number, cell, column, type_)} AS {quoted_name(cell.name)}"


def _decided(number: int, cell: Cell, column: str, type_: str) -> str:
    if cell.kind == Kind.RAW:
        return column
    missing = _missing(column, type_)
    if cell.kind == Kind.VALUE:
        return f"CASE WHEN {missing} THEN NULL ELSE {column} END"
    is_real = type_ in ("float", "double") or type_.startswith("decimal")
    if type_ != "string" and type_ not in INTEGERS and not (is_real and cell.kind == Kind.NUMBER):
        raise NotThatKind(cell.column, cell.kind, f"values of type {type_}")
    double = f"try_cast({column} AS DOUBLE)"
    result = double if cell.kind == Kind.NUMBER else _whole(column, double)
    accepted = f"{result} IS NOT NULL AND abs({double}) < double('inf')"
    if type_ == "string":
        accepted = f"{column} RLIKE {quoted_text(NUMBER)} AND {accepted}"  # Java reads 1d and 0x1p3
    head, tail = quoted_text(f"refused\x1f{number}\x1f"), quoted_text("\x1f")
    refused = f"raise_error(concat({head}, left(string({column}), 80), {tail}))"
    return f"CASE WHEN {accepted} THEN {result} WHEN {column} IS NULL OR {missing} THEN NULL ELSE {refused} END"


def _whole(column: str, double: str) -> str:
    """64-bit integers, of `1e3` and `5.` too."""
    of_double = f"CASE WHEN {double} = floor({double}) THEN try_cast({double} AS BIGINT) END"
    return f"coalesce(try_cast({column} AS BIGINT), {of_double})"


def _missing(column: str, type_: str) -> str:
    if type_ == "string":
        return f"{column} IN ('', 'NaN')"
    return f"isnan({column})" if type_ in ("float", "double") else f"{column} IS NULL"
