"""The SQL of a cell: a column of any type as what an operation asked for, refused from within the query where it is not that.

Two layers: the casts, each once, and above them the decision. A CASE looks at the next branch only for the rows that
are left, so the usual case goes first.
"""

import re
from collections.abc import Sequence

from compute.faults import NotThatKind
from compute.operations import Cell, Kind

INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
TEXTS = frozenset({"VARCHAR", "JSON"})
REFUSED = re.compile(r"refused\x1f(\d+)\x1f(.*?)\x1f", re.DOTALL)


def quoted_name(name: str) -> str:
    """Return an identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("'", "''") + "'"


def select_cells(cells: Sequence[Cell], types: dict[str, str], table: str, more: Sequence[str]) -> str:
    """Return the query of the cells, and of the expressions `more`, over a table whose columns have these types.

    A row that holds something else makes it fail with a text that REFUSED finds: the cell's number, and the value.
    """
    casts = dict.fromkeys(cast for cell in cells for cast in _casts(cell, types[cell.column]))
    wanted = [f"{_decided(*each, types)} AS {quoted_name(each[1].name)}" for each in enumerate(cells)]
    return f"SELECT {', '.join([*wanted, *more])} FROM (SELECT {', '.join(['*', *casts])} FROM {table})"


def _casts(cell: Cell, type_: str) -> list[str]:
    if cell.kind not in (Kind.NUMBER, Kind.WHOLE):
        return []
    is_real = type_.startswith(("FLOAT", "DOUBLE", "DECIMAL"))
    if type_ not in TEXTS | INTEGERS and not (is_real and cell.kind == Kind.NUMBER):
        raise NotThatKind(cell.column, cell.kind, f"values of type {type_}")
    text = _text(cell, type_)
    double, whole = f"TRY_CAST({text} AS DOUBLE) AS {_double(cell)}", f"TRY_CAST({text} AS BIGINT) AS {_whole(cell)}"
    return [double] if cell.kind == Kind.NUMBER else [double, whole]


def _decided(number: int, cell: Cell, types: dict[str, str]) -> str:
    column, type_ = quoted_name(cell.column), types[cell.column]
    if cell.kind == Kind.RAW:
        return column
    missing = _missing(cell, type_)
    if cell.kind == Kind.VALUE:
        return f"CASE WHEN {missing} THEN NULL ELSE {column} END"
    result = _double(cell) if cell.kind == Kind.NUMBER else _whole(cell)
    accepted = f"isfinite({result})" if cell.kind == Kind.NUMBER else f"{result} = {_double(cell)}"
    if type_ in TEXTS:
        accepted += f" AND NOT contains({_text(cell, type_)}, '_')"  # DuckDB reads 1_000
    refused = f"error('refused\x1f{number}\x1f' || left({_text(cell, type_)}::VARCHAR, 80) || '\x1f')"
    return f"CASE WHEN {accepted} THEN {result} WHEN {column} IS NULL OR {missing} THEN NULL ELSE {refused} END"


def _missing(cell: Cell, type_: str) -> str:
    text = _text(cell, type_)
    if type_ in TEXTS:
        return f"{text} = '' OR {text} = 'NaN'"
    is_nan = f"NOT isfinite({text}) AND NOT isinf({text})"  # by a Parquet's statistics DuckDB takes isnan() for false
    return is_nan if type_ in ("FLOAT", "DOUBLE") else f"{text} IS NULL"


def _text(cell: Cell, type_: str) -> str:
    column = quoted_name(cell.column)
    return f"({column}->>'$')" if type_ == "JSON" else column


def _double(cell: Cell) -> str:
    return quoted_name(f"double:{cell.column}")


def _whole(cell: Cell) -> str:
    return quoted_name(f"whole:{cell.column}")
