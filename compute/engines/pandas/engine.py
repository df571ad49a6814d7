"""Reference engine: pandas in memory, values checked by plain Python. The tests compare the other engines with it.

The cells stay in Arrow, as they were read. Pandas computes on doubles, on whole numbers and on numbers that stand for cells.
"""

import decimal
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, BinaryIO, Self, cast

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from compute.engines.base import EngineEnvironment, Resources, Target, Written
from compute.engines.pandas.arrow_values import family_of, plain_type
from compute.engines.pandas.columns import CellReader, Column
from compute.engines.pandas.output import write
from compute.files import json_file
from compute.files.errors import BrokenFile, OutOfRange
from compute.files.formats import Format, Source, check_names
from compute.files.text_check import CheckedText
from compute.operations.base import POSITION, ROW, Frame, Result, Scan
from compute.operations.cell_types import (
    MELTED_GREATEST,
    MELTED_LEAST,
    MELTED_NUMBER,
    MOST_DIGITS,
    Cell,
    CellType,
    Family,
)
from compute.reading.delimited import DelimitedText
from compute.reading.dialects import Dialect
from compute.reading.options import OnBadRows

EXACT_DIGITS = 100  # of a sum of decimals, before it is brought into the result's


class Pandas:
    """One file as a data frame of numbers that represent its cells."""

    reads_urls = frozenset[Format]()

    @staticmethod
    def prepare(environment: EngineEnvironment) -> None:
        """Its import is all, but for sums of decimals that are exact beyond 28 digits."""
        decimal.getcontext().prec = EXACT_DIGITS

    def __init__(self, source: Source, resources: Resources) -> None:
        self._source = source
        self._columns: dict[str, Column] = {}
        self._cells: dict[Cell, Column] = {}  # those that numbers in a frame stand for
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def columns(self) -> dict[str, Family]:
        """Read the whole file and return its columns."""
        columns = _READERS[self._source.format](self._source)
        if not columns:
            raise BrokenFile("The file has no records, so it has no columns.")
        names = check_names([column.name for column in columns])
        self._columns = {name: replace(column, name=name) for name, column in zip(names, columns, strict=True)}
        self._rows = len(columns[0].array)
        return {name: column.family for name, column in self._columns.items()}

    def scan(self, scan: Scan, *, lines: bool = False) -> Frame:
        """Return what stands for the cells as a frame of pandas."""
        reader = CellReader(self._source.null_values, self._source.notation)
        data = {cell.name: self._read(reader, cell) for cell in scan.cells}
        if scan.rows:
            data[ROW] = pd.Series(range(self._rows))
        if scan.melted:
            data = self._melted(reader, scan, data)
        return nw.from_native(pd.DataFrame(data)).lazy()

    def small_table(self, columns: Mapping[str, Sequence[Any]]) -> Frame:
        """Return the values as a frame."""
        return nw.from_native(pd.DataFrame({name: list(values) for name, values in columns.items()})).lazy()

    def write(self, result: Result, target: Target) -> Written:
        """Write the frame row by row, each number that stands for a cell as that cell."""
        data: pd.DataFrame = result.frame.collect().to_native().iloc[result.skipped :]
        columns = [self._output(name, data[name], result.cells.get(name)) for name in data.columns]
        write(columns, target, keeps_json=self._source.format == Format.PARQUET)
        types = nw.from_native(pa.table({column.name: column.array for column in columns})).schema
        return Written(len(data), {name: str(type_) for name, type_ in types.items()})

    def progress(self) -> float:
        """Unknown before the end."""
        return 0.0

    def rows_read(self) -> int:
        """Return the rows there are: pandas reads all."""
        return self._rows

    def _read(self, reader: CellReader, cell: Cell) -> "pd.Series[Any]":
        column = self._columns[cell.column]
        if cell.kind == CellType.NUMBER:
            return pd.Series(reader.numbers(column, cell), dtype="Float64")
        if cell.kind in (CellType.WHOLE, CellType.EXACT):
            return pd.Series(reader.numbers(column, cell), dtype=object)  # whose sums neither wrap around nor round
        if cell.kind == CellType.TEXT:
            return pd.Series(reader.texts(column), dtype="string")
        found = reader.codes(column, cell)
        self._cells[cell] = found.cells
        return pd.Series(found.codes, dtype="Int64")

    def _melted(self, reader: CellReader, scan: Scan, keys: Mapping[str, Any]) -> dict[str, Any]:
        numbers, cells = reader.melted([self._columns[name] for name in scan.melted])
        self._cells |= {MELTED_LEAST: cells.cells, MELTED_GREATEST: cells.cells}
        codes = pd.Series(cells.codes, dtype="Int64")
        times = len(scan.melted)
        return {
            **{name: pd.concat([values] * times, ignore_index=True) for name, values in keys.items()},
            POSITION: [position for position in range(times) for _ in range(self._rows)],
            MELTED_NUMBER.name: pd.Series(numbers, dtype="Float64"),
            MELTED_LEAST.name: codes,
            MELTED_GREATEST.name: codes,
        }

    def _output(self, name: str, values: "pd.Series[Any]", cell: Cell | None) -> Column:
        if cell is None:
            array = _array(values)
            return Column(name, family_of(array.type), array)
        found = self._cells[cell].take([None if pd.isna(code) else int(code) for code in values])
        return Column(name, found.family, found.array)


def _array(values: "pd.Series[Any]") -> pa.Array:
    """The results, decimals with 38 digits; raise OutOfRange where these do not suffice."""
    scales = {-int(value.as_tuple().exponent) for value in values if isinstance(value, Decimal)}
    if not scales:
        return pa.array(values, from_pandas=True)
    try:
        return pa.array([Decimal(value) for value in values], pa.decimal128(MOST_DIGITS, max(scales)))
    except pa.ArrowInvalid as error:
        raise OutOfRange from error


def _read_csv(source: Source) -> list[Column]:
    with source.path.open("rb") as binary:
        text = io.TextIOWrapper(cast(BinaryIO, CheckedText(binary)), encoding="utf-8-sig", newline="")
        file = DelimitedText(text, Dialect(source.delimiter), OnBadRows.ERROR)
        return _texts(source.columns, [[cell or None for cell in row] for row in file.rows()])


def _texts(names: Sequence[str], rows: Sequence[Sequence[str | None]], family: Family = Family.TEXT) -> list[Column]:
    cells: Sequence[Sequence[str | None]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return [Column(name, family, pa.array(each, pa.string())) for name, each in zip(names, cells, strict=True)]


def _read_json(source: Source) -> list[Column]:
    if source.columns:  # it is taken apart already
        rows = [[record.get(name) for name in source.columns] for record in json_file.read_records(source)]
        return _texts(source.columns, rows, Family.JSON)
    columns, records = json_file.flattened(json_file.read_records(source))
    return _texts(list(columns), [[record.get(path) for path in columns.values()] for record in records], Family.JSON)


def _read_parquet(source: Source) -> list[Column]:
    try:
        with pq.ParquetFile(source.path, coerce_int96_timestamp_unit="us") as parquet:
            check_names(parquet.schema_arrow.names)
            table = parquet.read()
        return [_column(name, table.column(n).combine_chunks()) for n, name in enumerate(table.column_names)]
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BrokenFile("The file cannot be read: it is not a whole Parquet file.") from error


def _column(name: str, array: pa.Array) -> Column:
    kind = getattr(array.type, "extension_name", "")
    plain = (array.storage if kind else array).cast(plain_type(array.type))
    plain.validate(full=True)  # text that is not UTF-8
    return Column(name, Family.JSON if kind == "arrow.json" else family_of(plain.type), plain)


_READERS: dict[Format, Callable[[Source], list[Column]]] = {
    Format.CSV: _read_csv,
    Format.TSV: _read_csv,
    Format.JSON: _read_json,
    Format.JSONL: _read_json,
    Format.PARQUET: _read_parquet,
}
