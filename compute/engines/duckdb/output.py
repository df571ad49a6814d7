"""SQL that writes a result: each type has one text and JSON form (docs/compute.md)."""

from collections.abc import Mapping
from typing import Any

from compute.engines.base import Target
from compute.engines.duckdb.cells import family_of
from compute.engines.duckdb.json import TEMPORAL, JsonValues
from compute.engines.duckdb.sql import quoted_name, quoted_text, raising
from compute.files.formats import Format
from compute.operations.cell_types import Cell, Family


def with_cells(relation: Any, cells: Mapping[str, Cell]) -> Any:
    """Return the relation with each cell that was compared by something as it stands in the file."""
    columns = [
        f"struct_extract({quoted_name(name)}, 'cell') AS {quoted_name(name)}"
        if name in cells and cells[name].kind.is_ordered and type_.id == "struct"
        else quoted_name(name)
        for name, type_ in zip(relation.columns, relation.types, strict=True)
    ]
    return relation.project(", ".join(columns))


def writable(relation: Any, target: Target, *, keeps_json: bool) -> str:
    """Return the query of a relation's values as the target can hold them, failing as `unwritable` where it cannot.

    With `keeps_json`, JSON in Parquet stays JSON: it was so in a Parquet file.
    """
    columns = [
        f"{_written(name, type_, target, keeps_json=keeps_json)} AS {quoted_name(name)}"
        for name, type_ in zip(relation.columns, relation.types, strict=True)
    ]
    return f"SELECT {', '.join(columns)} FROM ({relation.sql_query()})"


def _written(name: str, type_: Any, target: Target, *, keeps_json: bool) -> str:
    column = quoted_name(name)
    match target.format:
        case Format.PARQUET:
            return f"({column}->>'$')" if str(type_) == "JSON" and not keeps_json else column
        case Format.JSON | Format.JSONL:
            return JsonValues(name, for_display=target.for_display).of(column, type_)
    text = _text(name, type_)
    return f"CAST({text} AS VARCHAR)" if target.format == Format.XML else _without_nul(name, text, type_)


def _text(name: str, type_: Any) -> str:
    """A value as text; null where it is missing."""
    column, json = quoted_name(name), JsonValues(name)
    match family_of(type_):
        case Family.JSON:
            return f"({column}->>'$')"
        case Family.FLOAT:
            return f"CASE WHEN isfinite({column}) OR isinf({column}) THEN {column} END"
        case Family.NESTED:
            return f"to_json({json.of(column, type_)})::VARCHAR"
        case Family.BINARY:
            return f"base64({column})"
    return json.in_years(column) if type_.id in TEMPORAL else column


def _without_nul(name: str, text: str, type_: Any) -> str:
    """CSV is text, which a NUL would end for many a reader; ours refuses such a file."""
    if family_of(type_) not in (Family.TEXT, Family.JSON) or type_.id == "null":
        return text
    refused = raising("unwritable", quoted_text(name), "'the character U+0000'")
    return f"CASE WHEN contains({text}, chr(0)) THEN {refused} ELSE {text} END"
