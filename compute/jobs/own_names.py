"""Take the marks of names that differ only in case (compute/files/twins.py) out of a result, whose cells stay as they are."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from compute.files.formats import Format
from compute.files.twins import MARK, own_name
from compute.files.xml_file import encoded_name
from compute.jobs.conversions import WRITTEN_BY_ENGINES


def restore_names(path: Path, names: Sequence[str]) -> None:
    """Give the columns of a file their own names, but of those that were converted, which have them already."""
    if not any(MARK in name for name in names) or path.suffix[1:] in WRITTEN_BY_ENGINES:
        return
    target = path.with_name(f"{path.name}.named")
    if path.suffix == f".{Format.PARQUET}":
        _rename_parquet(path, target)
    elif path.suffix in (".csv", ".tsv"):
        _rename_header(path, target, sum(name.count(MARK) for name in names))
    else:
        _rename_members(path, target, [name for name in names if MARK in name])
    target.rename(path)


def _rename_parquet(path: Path, target: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - Arrow must not be there before a child is prepared
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(path) as file:
        schema = pa.schema([field.with_name(own_name(field.name)) for field in file.schema_arrow])
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for batch in file.iter_batches():
                writer.write_batch(pa.record_batch(batch.columns, schema=schema))


def _rename_header(path: Path, target: Path, marks: int) -> None:
    """The header comes first: so many marks are in it."""
    with path.open("rb") as file, target.open("wb") as copy:
        for line in file:
            copy.write(line.replace(MARK.encode(), b"", marks))
            marks -= min(marks, line.count(MARK.encode()))


def _rename_members(path: Path, target: Path, names: Sequence[str]) -> None:
    """A key of JSON has quotes, and an element's name angle brackets, around it: within a text they would be escaped."""
    is_xml = path.suffix == f".{Format.XML}"
    spelled = [_tags(name) if is_xml else [(_key(name), _key(own_name(name)))] for name in names]
    pairs = [pair for found in spelled for pair in found]
    with path.open("rb") as file, target.open("wb") as copy:
        copy.writelines(_replaced(file, pairs))


def _replaced(file: BinaryIO, pairs: Sequence[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for line in file:
        for before, after in pairs:
            line = line.replace(before, after)  # noqa: PLW2901
        yield line


def _key(name: str) -> bytes:
    return orjson.dumps(name) + b":"


def _tags(name: str) -> list[tuple[bytes, bytes]]:
    before, after = encoded_name(name), encoded_name(own_name(name))
    return [(form.format(before).encode(), form.format(after).encode()) for form in ("<{}>", "</{}>", "<{}/>")]
