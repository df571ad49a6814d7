"""Results in formats that no engine writes, made of what an engine has written, in bounded memory."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from compute.files.errors import LimitReached, UnwritableValue
from compute.files.formats import Format
from compute.files.twins import own_name
from config.core.worksheets import MOST_XLSX_COLUMNS, MOST_XLSX_ROWS, TextTooLongError, TooLargeError, write_xlsx

WRITTEN_BY_ENGINES = {Format.ARROW: Format.PARQUET, Format.XLSX: Format.JSONL}  # of which they are made
PIECE_ROWS = 10_000


def convert(written: Path, target: Path, format_: Format, types: Mapping[str, str]) -> None:
    """Write a result as an Arrow file or a workbook; raise what such a file cannot hold. `types` are the columns'."""
    if format_ == Format.ARROW:
        _write_arrow(written, target)
        return
    try:
        with written.open("rb") as lines, target.open("wb") as sink:
            write_xlsx(sink, list(map(own_name, types)), _rows(lines, types), cuts=False)
    except TooLargeError as error:
        raise LimitReached(
            f"The result has more than the {MOST_XLSX_ROWS:,} rows of a worksheet, or than its {MOST_XLSX_COLUMNS:,} columns;"
            " ask for another output_format."
        ) from error
    except TextTooLongError as error:
        raise UnwritableValue(str(error), "a text of more than 32,767 characters", Format.XLSX) from error


def _write_arrow(parquet: Path, target: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - Arrow must not be there before a child is prepared
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(parquet) as file, pa.OSFile(str(target), "wb") as sink:
        schema = pa.schema([field.with_name(own_name(field.name)) for field in file.schema_arrow])
        with pa.ipc.new_file(sink, schema) as writer:
            for batch in file.iter_batches(batch_size=PIECE_ROWS):
                writer.write_batch(pa.record_batch(batch.columns, schema=schema))


def _rows(lines: Iterator[bytes], types: Mapping[str, str]) -> Iterator[list[Any]]:
    """Yield rows of values, each date and moment as one: JSON has them as text."""
    read = [_READERS.get(type_.split("(")[0], _as_it_is) for type_ in types.values()]
    for line in lines:
        record = json.loads(line)
        yield [reader(record[name]) for reader, name in zip(read, types, strict=True)]


def _as_it_is(value: Any) -> Any:
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "Date": lambda value: value and date.fromisoformat(value),
    "Datetime": lambda value: value and datetime.fromisoformat(value),
}
