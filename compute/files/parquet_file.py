"""Check a Parquet file's footer: engines believe different parts of one that contradicts itself."""

from collections.abc import Iterator
from typing import Any

from compute.files.errors import BrokenFile, quoted
from compute.files.locations import opened

MOST_DIGITS = 38  # DuckDB makes doubles of decimals of more digits, without a word


def check_footer(place: str) -> None:
    """Raise BrokenFile unless the footer of a file can be read, counts its rows rightly, and has types that engines keep."""
    import pyarrow as pa  # noqa: PLC0415 - a child that reads CSV needs neither
    import pyarrow.parquet as pq  # noqa: PLC0415

    with opened(place) as file:
        try:
            parquet = pq.ParquetFile(file)
            footer, schema = parquet.metadata, parquet.schema_arrow
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:  # not of Arrow's: the file cannot be reached
                raise
            raise BrokenFile("The file cannot be read: it is not a whole Parquet file.") from error
    rows = sum(footer.row_group(number).num_rows for number in range(footer.num_row_groups))
    if rows != footer.num_rows:
        raise BrokenFile(
            f"The file cannot be read: its footer says {footer.num_rows} rows, its row groups hold {rows}."
        )
    for field in schema:
        if any(pa.types.is_decimal(type_) and type_.precision > MOST_DIGITS for type_ in _types_in(field.type)):
            raise BrokenFile(
                f"The column {quoted(field.name)} holds decimals of more than {MOST_DIGITS} digits, which no engine"
                " keeps; write it with fewer digits or as text."
            )


def _types_in(type_: Any) -> Iterator[Any]:
    """Yield a type of Arrow's, and those within it."""
    yield type_
    for number in range(type_.num_fields):
        yield from _types_in(type_.field(number).type)
