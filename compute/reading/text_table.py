"""Write a table of text to Parquet, piece by piece, for engines to read: nothing in it can be misread.

Columns may come up late: each piece is written with those known by then, and at the end all are brought together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PIECE_CELLS = 256 * 1024
MOST_PIECE_ROWS = 32 * 1024
Columns = Mapping[str, Sequence[str | None]]


def write_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], *, may_drop_last: bool
) -> tuple[str, ...]:
    """Write rows of text, blank being null, and return the columns that there are.

    With `may_drop_last`, the last column is left out where it is blank throughout.
    """
    schema = pa.schema(dict.fromkeys(columns, pa.string()))
    last_has_values = False
    with pq.ParquetWriter(path, schema, compression="lz4") as writer:
        for piece in _pieces(rows, len(columns)):
            arrays = [_nulls_for_blanks(pa.array(cells, pa.string())) for cells in zip(*piece, strict=True)]
            last_has_values = last_has_values or arrays[-1].null_count < len(arrays[-1])
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    if last_has_values or not may_drop_last:
        return tuple(columns)
    _rewrite([path], path.with_name("without-last"), schema.remove(len(columns) - 1))
    path.with_name("without-last").rename(path)
    return tuple(columns[:-1])


def write_pieces(path: Path, pieces: Iterable[Columns]) -> tuple[str, ...]:
    """Write pieces of a table, each with the columns that it has, and return all in the order of their first appearance."""
    parts = _Parts(path)
    try:
        for piece in pieces:
            parts.write(piece)
    finally:
        parts.close()
    parts.bring_together()
    return tuple(parts.columns)


def copy_as_json(path: Path, target: Path, skipped: int = 0) -> tuple[list[str], int]:
    """Write a small table but for its first rows as a JSON array of objects; return its columns and how many rows they are."""
    table = pq.read_table(path).slice(skipped)
    names = [orjson.dumps(name).decode() for name in table.column_names]
    columns = [[orjson.dumps(cell).decode() for cell in column.to_pylist()] for column in table.columns]
    records = (",".join(map("{}:{}".format, names, row)) for row in zip(*columns, strict=True))
    target.write_text("[" + ",\n".join(f"{{{record}}}" for record in records) + "]\n", encoding="utf-8")
    return table.column_names, table.num_rows


def first_rows(pieces: Iterable[Columns], most: int | None) -> Iterator[Columns]:
    """Yield pieces with no more rows than `most` together; all of them where that is None."""
    left = most
    for piece in pieces:
        if left is None:
            yield piece
            continue
        length = len(next(iter(piece.values())))
        yield {name: cells[:left] for name, cells in piece.items()}
        left -= length
        if left <= 0:
            return


class _Parts:
    """Parquet files, each with the columns that were known when it was begun."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._paths: list[Path] = []
        self._waiting: list[pa.RecordBatch] = []
        self.columns: dict[str, None] = {}

    def write(self, piece: Columns) -> None:
        if not piece.keys() <= self.columns.keys():
            self.close()
            self.columns.update(dict.fromkeys(piece))
        length = len(next(iter(piece.values())))
        arrays = [
            _nulls_for_blanks(pa.array(piece[name], pa.string())) if name in piece else pa.nulls(length, pa.string())
            for name in self.columns
        ]
        self._waiting.append(pa.record_batch(arrays, schema=self._schema))
        if sum(len(batch) for batch in self._waiting) * len(self.columns) >= PIECE_CELLS:
            self._flush()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        if self._writer:
            self._writer.close()
            self._writer = None

    def bring_together(self) -> None:
        if len(self._paths) == 1:
            self._paths[0].rename(self._path)
        elif self._paths:
            _rewrite(self._paths, self._path, self._schema)

    def _flush(self) -> None:
        if self._writer is None:
            self._paths.append(self._path.with_name(f"{self._path.name}-{len(self._paths)}"))
            self._writer = pq.ParquetWriter(self._paths[-1], self._schema, compression="lz4")
        self._writer.write_table(pa.Table.from_batches(self._waiting))
        self._waiting = []

    @property
    def _schema(self) -> pa.Schema:
        return pa.schema(dict.fromkeys(self.columns, pa.string()))


def _rewrite(parts: Sequence[Path], target: Path, schema: pa.Schema) -> None:
    """Bring parts into one file with these columns, those that a part does not have being null there."""
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for part in parts:
            with pq.ParquetFile(part) as file:
                names = [name for name in file.schema_arrow.names if name in schema.names]
                for batch in file.iter_batches(batch_size=MOST_PIECE_ROWS, columns=names):
                    arrays = [
                        batch.column(name) if name in names else pa.nulls(batch.num_rows, pa.string())
                        for name in schema.names
                    ]
                    writer.write_batch(pa.record_batch(arrays, schema=schema))
            part.unlink()


def _pieces(rows: Iterable[Any], width: int) -> Iterator[list[Any]]:
    size = max(1, min(MOST_PIECE_ROWS, PIECE_CELLS // width))
    iterator = iter(rows)
    while piece := list(islice(iterator, size)):
        yield piece


def _nulls_for_blanks(cells: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
