"""Parquet of every kind that apache/parquet-testing has and pyarrow writes is read alike by every engine."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.compute.tables import ENGINES, read_table, run

every_engine = pytest.mark.parametrize("engine", ENGINES)
ROWS = 50
TABLE = pa.table(
    {
        "id": pa.array(range(ROWS), pa.int64()),
        "word": pa.array([None if n % 7 == 0 else f"w{n % 3}" for n in range(ROWS)]),
        "small": pa.array([Decimal(n) / 4 for n in range(ROWS)], pa.decimal128(7, 2)),  # in 32 bits
        "middle": pa.array([Decimal(n) / 4 for n in range(ROWS)], pa.decimal128(17, 2)),  # in 64 bits
        "large": pa.array([Decimal(n) / 4 for n in range(ROWS)], pa.decimal128(38, 2)),  # in fixed bytes
        "double": pa.array([n / 4 for n in range(ROWS)]),
        "flag": pa.array([n % 2 == 0 for n in range(ROWS)]),
        "day": pa.array([date(2026, 1, 1 + n % 28) for n in range(ROWS)]),
        "at": pa.array([datetime(2026, 1, 1, n % 24, tzinfo=UTC) for n in range(ROWS)]),
        "clock": pa.array([time(n % 24) for n in range(ROWS)]),
        "bytes": pa.array([bytes([n]) for n in range(ROWS)]),
        "list": pa.array([[n, None] if n % 3 else [] for n in range(ROWS)]),
        "lists": pa.array([[[n], []] for n in range(ROWS)]),
        "struct": pa.array([{"a": n, "b": {"c": str(n)}} for n in range(ROWS)]),
        "map": pa.array([[("k", n)] for n in range(ROWS)], pa.map_(pa.string(), pa.int64())),
    }
)
FLAT = TABLE.select(["id", "word", "double"])
UNZONED = pa.table({"id": TABLE["id"], "at": TABLE["at"].cast(pa.timestamp("us"))})  # int96 knows no zones


def written(table: pa.Table, **options: Any) -> Callable[[Path], None]:
    return lambda path: pq.write_table(table, path, **options)


def with_empty_groups(path: Path) -> None:
    with pq.ParquetWriter(path, TABLE.schema) as writer:
        for piece in (TABLE.slice(0, 0), TABLE.slice(0, 20), TABLE.slice(0, 0), TABLE.slice(20)):
            writer.write_table(piece)


KINDS: dict[str, tuple[Callable[[Path], None], pa.Table]] = {
    **{
        f"codec {codec}": (written(TABLE, compression=codec), TABLE)
        for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4")
    },
    "pages of version 2": (written(TABLE, data_page_version="2.0"), TABLE),
    "format 1.0": (written(FLAT, version="1.0"), FLAT),
    "small pages": (written(TABLE, data_page_size=64, write_batch_size=8), TABLE),
    "many row groups": (written(TABLE, row_group_size=7), TABLE),
    "empty row groups": (with_empty_groups, TABLE),
    "no rows": (written(TABLE.slice(0, 0)), TABLE.slice(0, 0)),
    "no dictionaries": (written(TABLE, use_dictionary=False), TABLE),
    "int96": (written(UNZONED, use_deprecated_int96_timestamps=True), UNZONED),
    "lists as before": (
        written(TABLE.select(["id", "list"]), use_compliant_nested_type=False),
        TABLE.select(["id", "list"]),
    ),
    "decimals as integers": (
        written(TABLE.select(["id", "small", "middle"]), store_decimal_as_integer=True),
        TABLE.select(["id", "small", "middle"]),
    ),
    "deltas": (
        written(FLAT, use_dictionary=False, column_encoding={"id": "DELTA_BINARY_PACKED", "word": "DELTA_BYTE_ARRAY"}),
        FLAT,
    ),
    "deltas of lengths": (
        written(FLAT, use_dictionary=False, column_encoding={"word": "DELTA_LENGTH_BYTE_ARRAY"}),
        FLAT,
    ),
    "split bytes": (
        written(FLAT, use_dictionary=False, column_encoding={"double": "BYTE_STREAM_SPLIT"}),
        FLAT,
    ),
    "no statistics": (written(TABLE, write_statistics=False), TABLE),
    "page index and checksums": (written(TABLE, write_page_index=True, write_page_checksum=True), TABLE),
    "no Arrow schema": (written(TABLE, store_schema=False), TABLE),
}


@every_engine
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_is_copied_as_it_is(engine: str, kind: str, tmp_path: Path) -> None:
    write, table = KINDS[kind]
    path = tmp_path / "table.parquet"
    write(path)

    _, copy = run(path, "non_null", columns=["id"], engine=engine)

    if engine == "spark" and "clock" in table.column_names:  # it knows no times of day
        clock = table.column_names.index("clock")
        table = table.set_column(clock, "clock", table["clock"].cast(pa.time32("s")).cast(pa.string()))
    assert [str(row) for row in read_table(copy)] == [str(row) for row in table.to_pylist()]


@every_engine
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_is_computed_on(engine: str, kind: str, tmp_path: Path) -> None:
    write, table = KINDS[kind]
    path = tmp_path / "table.parquet"
    write(path)

    _, result = run(path, "stats", columns=["id"], engine=engine)

    (row,) = read_table(result)
    assert (row["count"], row["min"], row["max"]) == ((ROWS, 0, ROWS - 1) if table.num_rows else (0, None, None))
