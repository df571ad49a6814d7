"""What is to be prepared for an engine, and what became of it."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from compute.files.formats import Format, Source
from compute.reading.delimited import BadRows
from compute.reading.options import OnBadRows, ReadOptions

SNIFFED_BYTES = 1024 * 1024  # a header line may be this long


@dataclass(frozen=True)
class Prepared:
    """A source, and how it came to be: the options that it was read with, which of them are guesses, and rows left out."""

    source: Source
    read: dict[str, Any] = field(default_factory=dict)
    guessed: tuple[str, ...] = ()
    bad_rows: BadRows = field(default_factory=BadRows)

    @property
    def is_our_table(self) -> bool:
        """Return whether our own reader has brought it into a table of text."""
        return self.source.format == Format.PARQUET != self.source.original and bool(self.source.columns)

    @property
    def told(self) -> dict[str, Any]:
        """Return as JSON how the file was read."""
        return {
            "format": self.source.original,
            "read": self.read,
            "guessed": list(self.guessed),
            "rows_left_out": self.bad_rows.count,
            "left_out": [asdict(row) for row in self.bad_rows.first],
        }


@dataclass(frozen=True)
class Preparation:
    """What is to be prepared. With `most_rows`, no more rows are needed.

    With `thoroughly`, a text is looked at as a whole, and delimited text read here, though it seems to be usual.
    """

    path: Path
    format: Format | None
    options: ReadOptions
    scratch: Path
    most_rows: int | None = None
    thoroughly: bool = False

    @property
    def table(self) -> Path:
        """The place of the Parquet file."""
        return self.scratch / "table"

    def given(self) -> dict[str, Any]:
        """Return the options of any format that the request has set."""
        options = self.options
        said: dict[str, Any] = {} if options.notation.is_plain else dict(options.notation.as_read())
        if options.null_values:
            said["null_values"] = list(options.null_values)
        if options.types:
            said["types"] = dict(options.types)
        if options.on_bad_rows != OnBadRows.ERROR:
            said["on_bad_rows"] = options.on_bad_rows
        return said

    def source(self, source: Source) -> Source:
        """Return the source with what the request says of its values."""
        return replace(source, null_values=self.options.null_values, notation=self.options.notation)

    def first(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Yield the rows that are needed."""
        yield from islice(rows, self.most_rows)


def head_of(path: Path) -> bytes:
    """Return a file's first bytes."""
    with path.open("rb") as file:
        return file.read(SNIFFED_BYTES)
