"""A Parquet file's footer, read once for all engines: each believes another part of one that contradicts itself."""

from compute.faults import BrokenFile
from compute.places import opened


def check_footer(place: str) -> None:
    """Raise BrokenFile unless the file at a place has a footer that can be read and counts its rows rightly."""
    import pyarrow as pa  # noqa: PLC0415 - a child that reads CSV needs neither
    import pyarrow.parquet as pq  # noqa: PLC0415

    with opened(place) as file:
        try:
            footer = pq.ParquetFile(file).metadata
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:  # not of Arrow's: the file cannot be reached
                raise
            raise BrokenFile("The file cannot be read: it is not a whole Parquet file.") from error
    rows = sum(footer.row_group(number).num_rows for number in range(footer.num_row_groups))
    if rows != footer.num_rows:
        raise BrokenFile(
            f"The file cannot be read: its footer says {footer.num_rows} rows, its row groups hold {rows}."
        )
