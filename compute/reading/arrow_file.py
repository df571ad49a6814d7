"""Bring an Arrow file (IPC, also called Feather 2), or an Arrow stream, into Parquet, which keeps its types."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from compute.files.errors import BrokenFile


def to_parquet(path: Path, target: Path) -> None:
    """Write the table to `target`; raise BrokenFile."""
    try:
        with pa.OSFile(str(path)) as file:
            reader = pa.ipc.open_file(file) if _is_file(path) else pa.ipc.open_stream(file)
            with pq.ParquetWriter(target, reader.schema, compression="lz4") as writer:
                batches = map(reader.get_batch, range(reader.num_record_batches)) if _is_file(path) else iter(reader)
                for batch in batches:
                    batch.validate(full=True)  # or a damaged one ends the process
                    writer.write_batch(batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise BrokenFile(
            "The file cannot be read: it is not a whole Arrow file, or has types that Parquet lacks."
        ) from error


def _is_file(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(6) == b"ARROW1"
