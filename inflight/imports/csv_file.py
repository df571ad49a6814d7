"""Stream an aircraft's CSV file, with exact line numbers and the raw text of each record.

UTF-8 with or without BOM; `;` `,` tab or `|`; RFC 4180 quoting; columns in any order, more than needed. Memory does not
grow with the file. Imports no models.
"""

import csv
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader, FileIO
from itertools import islice
from pathlib import Path

from config.core.csv_errors import csv_reason
from inflight.exceptions import FileMissing, FileOutsideRoots, UnusableCsv

DELIMITERS = ";,\t|"
LONGEST_LINE = 1024 * 1024  # bytes
BOM = b"\xef\xbb\xbf"


# The line a record starts on (the file's first being 1), its fields, and what is wrong with it as CSV ("" if nothing).
Record = tuple[int, list[str], str]


@dataclass
class CsvFile:
    """An open CSV file with a usable header; made by `open_csv`.

    `positions` maps each wanted column to its place in a record, `width` is the number of columns in the header.
    """

    file: BufferedReader
    name: str
    size: int
    delimiter: str = ""
    positions: dict[str, int] = field(default_factory=dict)
    width: int = 0
    kind_position: int | None = None  # of the column `file` in a file of rejects
    raw: str = ""  # the text of the record that `record_at` returned last, without its line ending
    _header_lines: int = 0
    _passed: int = 0

    def __enter__(self) -> "CsvFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has come."""
        return 0 if self.file.closed else self.file.tell()

    def records(self) -> Iterator[Record]:
        """Yield every record after the header, in order; an empty line is a record without fields.

        Parsing is strict: a stray quote costs the records it swallows, not the rest of the file.
        """
        lines = self._lines()
        for _ in range(self._header_lines):
            next(lines)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        before = self._header_lines + 1
        start = before
        while True:
            try:
                for fields in reader:
                    yield start, fields, ""
                    start = before + reader.line_num
            except csv.Error as error:
                yield start, [], csv_reason(error)
                start = before + reader.line_num
            else:
                return

    def record_at(self, start: int) -> Record:
        """Return the record that starts on line `start`; lines must be asked for in ascending order.

        What lies between is skipped unparsed, which makes reading a few records again cheap.
        """
        next(islice(self.file, start - 1 - self._passed, start - 1 - self._passed), None)
        taken: list[str] = []
        lines = (taken.append(text) or text for text in map(bytes.decode, self.file))  # type: ignore[func-returns-value]
        try:
            fields, malformed = next(csv.reader(lines, delimiter=self.delimiter, strict=True)), ""
        except csv.Error as error:
            fields, malformed = [], csv_reason(error)
        self._passed = start - 1 + len(taken)
        self.raw = "".join(taken).rstrip("\r\n")
        return start, fields, malformed

    def rewind(self) -> None:
        """Go back to the start, for `record_at`."""
        self.file.seek(0)
        self._passed = 0

    def _lines(self) -> Iterator[str]:
        """Yield the file's lines from its start, decoded; this runs once per line and is kept short."""
        self.file.seek(0)
        self.file.seek(len(BOM) if self.file.peek(3).startswith(BOM) else 0)
        readline = self.file.readline
        while data := readline(LONGEST_LINE):
            if len(data) == LONGEST_LINE and not data.endswith(b"\n"):
                raise UnusableCsv(f"{self.name}: a line is longer than {LONGEST_LINE} bytes.", field=self.name)
            try:
                yield data.decode()
            except UnicodeDecodeError as error:
                raise self._undecodable(self.file.tell() - len(data) + error.start) from error

    def _undecodable(self, offset: int) -> UnusableCsv:
        self.file.seek(0)
        line, left = 1, offset
        while left and (piece := self.file.read(min(left, 1024 * 1024))):
            line, left = line + piece.count(b"\n"), left - len(piece)
        byte = self.file.read(1)[0]
        return UnusableCsv(
            f"{self.name} is not UTF-8: byte 0x{byte:02x} at offset {offset}, line {line}. Save it as UTF-8.",
            field=self.name,
        )

    def read_header(self, wanted: Sequence[str]) -> None:
        """Find the delimiter and the wanted columns in the first line that is not empty."""
        for text in self._lines():
            self._header_lines += 1
            if text.strip():
                break
        else:
            raise UnusableCsv(f"{self.name} is empty.", field=self.name)
        candidates = [(d, [cell.strip().lower() for cell in next(csv.reader([text], delimiter=d))]) for d in DELIMITERS]
        self.delimiter, header = max(candidates, key=lambda c: (len(set(wanted) & set(c[1])), len(c[1])))
        if missing := [column for column in wanted if column not in header]:
            raise UnusableCsv(
                f"{self.name} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
                f"its header is: {text.strip()[:500]}",
                field=self.name,
            )
        if double := [column for column in wanted if header.count(column) > 1]:
            raise UnusableCsv(f"{self.name} has more than one column {double[0]}.", field=self.name)
        self.width = len(header)
        self.positions = {column: header.index(column) for column in wanted}
        self.kind_position = header.index("file") if {"file", "line", "reasons"} <= set(header) else None


def open_csv(path: str, *, name: str, wanted: Sequence[str], roots: Sequence[Path] | None) -> CsvFile:
    """Open the CSV file at `path` and read its header.

    `name` is what errors call it. With `roots` the file must be below one of them, links resolved; None means anywhere.
    Raises FileOutsideRoots, FileMissing or UnusableCsv.
    """
    if "\0" in path:
        raise UnusableCsv(f"{name} has a NUL in its path.", field=name)
    real = Path(os.path.realpath(path))
    if roots is not None and not any(real.is_relative_to(os.path.realpath(root)) for root in roots):
        raise FileOutsideRoots(f"{path} is not below one of the folders in IMPORT_ROOTS.", field=name)
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileMissing(f"There is no file {path}.", field=name) from error
    except OSError as error:
        raise UnusableCsv(f"{path} cannot be opened: {error.strerror}.", field=name) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UnusableCsv(f"{path} is not a regular file.", field=name)
    csv_file = CsvFile(BufferedReader(FileIO(descriptor), 1024 * 1024), name, status.st_size)
    try:
        csv_file.read_header(wanted)
    except (UnusableCsv, csv.Error) as error:
        csv_file.file.close()
        if isinstance(error, csv.Error):
            raise UnusableCsv(f"{name}: the header cannot be read: {csv_reason(error)}.", field=name) from error
        raise
    return csv_file
