"""Fast path: read plain CSV (no quotes, a row per line, numbers where numbers are needed) with Arrow instead of DuckDB.

It exists for its speed: beside Polars, group_by takes 0.90 to 1.06 of its time instead of 1.32, stats 1.09 to 1.29 instead
of 1.40 (docs/decisions/0045). It raises UnsupportedByFastPath for any file that DuckDB might read otherwise; the file is
then read by DuckDB, which also says what is wrong with it. Rows that are copied into a CSV of the same dialect stay whole
lines.
"""

import os
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from compute.engines.duckdb.cells import CellReader
from compute.engines.duckdb.extremes import Extremes
from compute.engines.duckdb.plain_types import wider_number
from compute.engines.duckdb.sql import quoted_name
from compute.files.errors import UnsupportedByFastPath
from compute.files.formats import MARK, MAX_ROW_BYTES, MISSING, Source
from compute.operations.base import LINE, POSITION, Scan
from compute.operations.cell_types import (
    MELTED_GREATEST,
    MELTED_LEAST,
    MELTED_NUMBER,
    CastError,
    Cell,
    CellType,
)

FIRST_BYTES = 64 * 1024  # which are looked at first; a file with longer lines is not plain
PIECE_BYTES = MAX_ROW_BYTES  # so a longer row ends in none
NOWHERE = '"'  # which is in no plain file


def select_plain(scan: Scan, types: Mapping[str, pa.DataType], table: str, null_values: Sequence[str]) -> str:
    """Return the query of the cells over the stream of columns of these types, with LINE in the place of RAW cells."""
    if scan.melted:
        return _select_melted(scan, table, null_values)
    ready = frozenset(column for column, type_ in types.items() if type_ != pa.string())
    reader = CellReader(dict.fromkeys(types, duckdb.sqltype("VARCHAR")), null_values, ready)
    cells = [cell for cell in scan.cells if cell.kind != CellType.RAW]
    return reader.select(Scan(cells), table, [quoted_name(LINE)] if LINE in types else [])


def _select_melted(scan: Scan, table: str, null_values: Sequence[str]) -> str:
    """With keys, the least and greatest cells of each group are found here; without, the stream has found them."""
    keys, text = [cell.column for cell in scan.cells], MELTED_LEAST.column
    reader = CellReader(dict.fromkeys([*keys, text], duckdb.sqltype("VARCHAR")), null_values)
    by_number = f"CASE WHEN {quoted_name(text)} IS NOT NULL THEN {reader.by_number(MELTED_LEAST)} END"
    wanted = {
        **{cell.name: reader.decided(cell, "0") for cell in scan.cells},
        MELTED_NUMBER.name: quoted_name(NUMBER),
        MELTED_LEAST.name: by_number if keys else quoted_name(text),
        MELTED_GREATEST.name: by_number if keys else quoted_name(MELTED_GREATEST.column),
        POSITION: quoted_name(POSITION),
    }
    return f"SELECT {', '.join(f'{each} AS {quoted_name(name)}' for name, each in wanted.items())} FROM {table}"


NUMBER = f"double:{MELTED_LEAST.column}"
MELTED = {
    POSITION: pa.int32(),
    NUMBER: pa.float64(),
    MELTED_LEAST.column: pa.string(),
    MELTED_GREATEST.column: pa.string(),
}


class Piece(NamedTuple):
    """A block of the file, and where its last whole line ends."""

    read: bytes
    end: int

    @property
    def lines(self) -> memoryview:
        return memoryview(self.read)[: self.end]


class PlainCsv:
    """Columns of a file as an Arrow stream. Each request reads the file again.

    `error` is why a stream ended early, such as UnsupportedByFastPath, or CastError for a column of
    whole numbers that has others.
    With `melted`, each row comes once for each of these columns, beside the others: POSITION, NUMBER and the cell.
    """

    def __init__(
        self,
        source: Source,
        types: dict[str, pa.DataType],
        threads: int,
        *,
        keys: Sequence[str] = (),
        melted: Sequence[str] = (),
    ) -> None:
        self._source, self._threads, self._keys, self._melted_columns = source, threads, keys, melted
        self._columns = pa.schema({name: types[name] for name in types if name != LINE})
        self._schema = pa.schema(dict.fromkeys(keys, pa.string()) | MELTED) if melted else pa.schema(types)
        self._size = source.path.stat().st_size
        self._bytes_read = self.rows_read = 0
        self._extremes = [Extremes() for _ in melted]
        self.error: Exception | None = None

    @property
    def _finds_extremes(self) -> bool:
        return bool(self._melted_columns) and not self._keys

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """What DuckDB takes a stream from (Arrow's PyCapsule interface)."""
        return pa.RecordBatchReader.from_batches(self._schema, self._batches()).__arrow_c_stream__(requested_schema)

    def progress(self) -> float:
        """Return the share of the file that is read."""
        return self._bytes_read / self._size

    def look(self) -> None:
        """Raise what is wrong with the beginning: most that is not plain, or no whole number, shows there already."""
        with closing(self._pieces(FIRST_BYTES)) as pieces:
            for piece in islice(pieces, 1):
                self._parsed(piece)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        self._bytes_read = self.rows_read = 0
        self._extremes = [Extremes() for _ in self._melted_columns]
        last = None
        try:
            for table in self._tables():
                if table.num_rows:
                    yield from self._taken(last) if last is not None else ()
                    last = table
            if last is not None:
                yield from self._taken(self._with_extremes(last) if self._finds_extremes else last)
        except Exception as error:
            self.error = error  # DuckDB knows no more of it than its text
            raise

    def _tables(self) -> Iterator[pa.Table]:
        """Parse pieces in threads, and yield them in order."""
        ahead: deque[Future[pa.Table]] = deque()
        with ThreadPoolExecutor(self._threads) as pool, closing(self._pieces(PIECE_BYTES)) as pieces:
            for piece in pieces:
                ahead.append(pool.submit(self._parsed, piece))
                if len(ahead) > 2 * self._threads:  # or they wait for DuckDB now and then
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def _taken(self, table: pa.Table) -> list[pa.RecordBatch]:
        self.rows_read += table.num_rows // max(len(self._melted_columns), 1)
        batches: list[pa.RecordBatch] = table.to_batches()
        return batches

    def _pieces(self, size: int) -> Generator[Piece, None, None]:
        """Read the file behind its header in pieces of whole lines; what is behind the last one is read again."""
        with Path(self._source.path).open("rb", buffering=0) as file:
            place = _header_bytes(os.pread(file.fileno(), FIRST_BYTES, 0))
            while read := os.pread(file.fileno(), size, place):
                end = len(read) if place + len(read) >= self._size else read.rfind(b"\n") + 1
                if not end:
                    raise UnsupportedByFastPath
                yield Piece(read, end)
                place += end
                self._bytes_read = place

    def _parsed(self, piece: Piece) -> pa.Table:
        if not _is_plain(piece) or (pa.int64() in self._schema.types and _may_have_hexadecimals(piece)):
            raise UnsupportedByFastPath
        try:
            table = self._typed(piece)
            if self._melted_columns:
                table = self._melted(table)
        except pa.ArrowInvalid as error:
            self._find_bad_number(piece)
            raise UnsupportedByFastPath from error
        for column in table.columns:
            if pa.types.is_floating(column.type) and pc.all(pc.is_finite(column)).as_py() is False:
                raise UnsupportedByFastPath
        return table.append_column(LINE, _lines(piece)) if LINE in self._schema.names else table

    def _melted(self, table: pa.Table) -> pa.Table:
        keys = table.select(self._keys)
        return pa.concat_tables(
            self._beside(keys, position, table.column(name)) for position, name in enumerate(self._melted_columns)
        )

    def _beside(self, keys: pa.Table, position: int, cells: pa.ChunkedArray) -> pa.Table:
        """The rows of one column. Without keys, the cells stay here: DuckDB takes as long to compare them as for all else."""
        numbers, nothing = cells.cast(pa.float64()), pa.nulls(len(cells), pa.string())
        if self._finds_extremes:
            self._extremes[position].note(numbers, cells)
        found = [cells, cells] if self._keys else [nothing, nothing]
        columns = [*keys.columns, pa.repeat(pa.scalar(position, pa.int32()), len(cells)), numbers, *found]
        return pa.table(columns, schema=self._schema)

    def _with_extremes(self, table: pa.Table) -> pa.Table:
        """Give the first row of each column, of the last rows that there are, the least and the greatest of all its cells."""
        rows = table.num_rows // len(self._melted_columns)
        ends = [[each.least, each.greatest] for each in self._extremes]
        for place, cells in enumerate(zip(*ends, strict=True), start=len(self._schema) - 2):
            filled = [value for cell in cells for value in (cell and cell[1], *[None] * (rows - 1))]
            table = table.set_column(place, self._schema.field(place), pa.array(filled, pa.string()))
        return table

    def _typed(self, piece: Piece) -> pa.Table:
        """Decimals are cast from text, within their digits: for a number of more, Arrow gives another without a word."""
        is_decimal = [pa.types.is_decimal(each.type) for each in self._columns]
        table = self._read(piece, _as_text(self._columns, is_decimal))
        for place in (n for n, decimal in enumerate(is_decimal) if decimal):
            field, texts = self._columns.field(place), table.column(place)
            greatest = pc.max(pc.abs(texts.cast(pa.float64()))).as_py()
            if greatest is not None and greatest >= 10.0 ** (field.type.precision - field.type.scale):
                raise UnsupportedByFastPath
            table = table.set_column(place, field, texts.cast(field.type))
        return table

    def _read(self, piece: Piece, types: pa.Schema) -> pa.Table:
        return _table(
            piece,
            self._source.columns,
            self._source.delimiter,
            types,
            null_values=[*MISSING, *self._source.null_values],
            strings_can_be_null=True,
        )

    def _find_bad_number(self, piece: Piece) -> None:
        """Raise CastError where a column of whole numbers or decimals has a number that is none of its type."""
        try:
            table = self._read(piece, _as_text(self._columns, [each.type != pa.float64() for each in self._columns]))
        except pa.ArrowInvalid:
            return
        for before, column in zip(self._columns, table.columns, strict=True):
            is_decimal = pa.types.is_decimal(before.type)
            if is_decimal or before.type == pa.int64():
                kind = CellType.EXACT if is_decimal else CellType.WHOLE
                scale = before.type.scale if is_decimal else 0
                if (value := wider_number(column, scale)) is not None:
                    raise CastError(Cell(before.name, kind, scale if is_decimal else None), value)


def _as_text(columns: pa.Schema, are_text: Sequence[bool]) -> pa.Schema:
    return pa.schema(
        [pa.field(each.name, pa.string()) if text else each for each, text in zip(columns, are_text, strict=True)]
    )


def _table(piece: Piece, names: Sequence[str], delimiter: str, types: pa.Schema, **conversions: Any) -> pa.Table:
    return pyarrow.csv.read_csv(
        pa.BufferReader(pa.py_buffer(piece.lines)),
        pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=piece.end + 1),
        pyarrow.csv.ParseOptions(delimiter=delimiter, quote_char=False, double_quote=False),
        pyarrow.csv.ConvertOptions(
            column_types=types,
            include_columns=types.names,
            check_utf8=False,  # of the other columns too: _is_plain
            **conversions,
        ),
    )


def _lines(piece: Piece) -> pa.ChunkedArray:
    """Return what stands between the line ends: a file that nothing delimits the columns of has one."""
    return _table(piece, [LINE], NOWHERE, pa.schema({LINE: pa.string()})).column(0)


def _header_bytes(start: bytes) -> int:
    """Return how long the header is that the file starts with."""
    header, end, _ = start.partition(b"\n")
    if not end or not _is_plain(Piece(header.removeprefix(MARK), len(header))):
        raise UnsupportedByFastPath
    return len(header) + 1


def _is_plain(piece: Piece) -> bool:
    """Return whether every line is a row and every byte between two delimiters belongs to the cell, of UTF-8."""
    if b'"' in piece.read or b"\r" in piece.read or b"\0" in piece.read:
        return False
    try:
        return piece.read.isascii() or bool(str(piece.lines, "utf-8"))
    except UnicodeDecodeError:
        return False


def _may_have_hexadecimals(piece: Piece) -> bool:
    """Return whether something looks like 0x10, which Arrow, and only Arrow, takes for a whole number."""
    letters = [x for x in (b"x", b"X") if x in piece.read]  # one byte is searched for ten times as fast as two
    return any(b"0" + x in piece.read for x in letters)
