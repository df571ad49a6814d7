"""Write a result of the pandas engine in any format, row by row."""

import io
from collections.abc import Iterator, Sequence

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from compute.engines.base import Target
from compute.engines.pandas.arrow_values import json_texts, texts
from compute.engines.pandas.columns import Column
from compute.files.errors import UnwritableValue
from compute.files.formats import Format
from compute.files.xml_file import written_records
from compute.operations.cell_types import Family


def write(columns: Sequence[Column], target: Target, *, keeps_json: bool) -> None:
    """Write the columns to the target; raise UnwritableValue for what its format cannot hold."""
    if target.format == Format.PARQUET:
        arrays = [_typed(column, keeps_json=keeps_json) for column in columns]
        pq.write_table(pa.table(arrays, [column.name for column in columns]), target.path, compression="zstd")
        return
    with target.path.open("w", encoding="utf-8", newline="") as file:
        if target.format in (Format.JSON, Format.JSONL):
            _write_json(columns, target, file)
        else:
            _write_text(columns, target, file)


def _write_json(columns: Sequence[Column], target: Target, file: io.TextIOWrapper) -> None:
    names = [orjson.dumps(column.name).decode() for column in columns]
    cells = [_json(column, for_display=target.for_display) for column in columns]
    records = (
        "{" + ",".join(f"{name}:{cell or 'null'}" for name, cell in zip(names, row, strict=True)) + "}"
        for row in zip(*cells, strict=True)
    )
    file.write(
        "[" + ",\n".join(records) + "]\n" if target.format == Format.JSON else "".join(f"{r}\n" for r in records)
    )


def _json(column: Column, *, for_display: bool) -> list[str | None]:
    if column.family == Family.JSON:
        return list(column.array.to_pylist())
    return json_texts(column.array, column.name, for_display=for_display)


def _write_text(columns: Sequence[Column], target: Target, file: io.TextIOWrapper) -> None:
    names = [column.name for column in columns]
    rows = zip(*(_texts(column) for column in columns), strict=True)
    if target.format == Format.XML:
        file.writelines(written_records(names, rows))
        return
    file.writelines(_line(cells, target.delimiter) for cells in ([*names], *_without_nul(rows, names)))


def _line(cells: Sequence[str | None], delimiter: str) -> str:
    """A row as RFC 4180 has it. Python's own writer leaves a carriage return without quotes."""
    special = {delimiter, '"', "\r", "\n"}
    quoted = (
        '"' + cell.replace('"', '""') + '"' if not special.isdisjoint(cell) else cell
        for cell in (c or "" for c in cells)
    )
    return delimiter.join(quoted) + "\n"


def _texts(column: Column) -> list[str | None]:
    return column.plain() if column.family == Family.JSON else texts(column.array, column.name)


def _typed(column: Column, *, keeps_json: bool) -> pa.Array:
    """The cells with the types that Parquet has for them; JSON stays JSON only where it was so in Parquet."""
    match column.family:
        case Family.UUID:
            return pa.ExtensionArray.from_storage(pa.uuid(), column.array)
        case Family.JSON if keeps_json:
            return pa.ExtensionArray.from_storage(pa.json_(), column.array)
        case Family.JSON:
            return pa.array(column.plain(), pa.string())
    return column.array


def _without_nul(rows: Iterator[tuple[str | None, ...]], names: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
    for row in rows:
        for name, value in zip(names, row, strict=True):
            if value and "\0" in value:
                raise UnwritableValue(name, "the character U+0000", Format.CSV)
        yield row
