"""Stream a CSV file that is imported, with exact line numbers and the raw text of each record.

Any encoding, packed or not, a sheet of a workbook (text_copy.py); `;` `,` tab or `|`; RFC 4180 quoting, or quotes behind
backslashes; line ends of all kinds; columns in any order, more than needed. Memory does not grow with the file. Imports no
models.
"""

import csv
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedReader, FileIO, StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from compute.files.errors import BrokenFile
from compute.reading.dialects import SEP_LINE
from compute.reading.text_copy import text_of
from config.api.imports.exceptions import FileMissing, FileOutsideRoots, UnusableCsv
from config.api.imports.loading import Record
from config.core.csv_errors import MOST_LINES, csv_reason

DELIMITERS = ";,\t|"
LONGEST_LINE = 1024 * 1024  # characters
LOOKED_AT = 256 * 1024  # characters that tell how quotes are escaped


@dataclass
class CsvFile:
    """An open CSV file with a usable header; made by `open_csv`.

    `positions` maps each wanted column to its place in a record, `width` is the number of columns in the header, `read_as`
    says for people in which encoding, or from which sheet, it was read.
    """

    file: "BufferedReader[FileIO]"
    name: str
    size: int
    read_as: str = ""
    delimiter: str = ""
    escape: str | None = None
    positions: dict[str, int] = field(default_factory=dict)
    width: int = 0
    kind_position: int | None = None  # of the column `file` in a file of rejects
    raw: str = ""  # the text of the record that `record_at` returned last, without its line ending
    on_close: ExitStack = field(default_factory=ExitStack)
    _header_lines: int = 0
    _passed: int = 0
    _taken: list[str] = field(default_factory=list)  # lines of the record at hand
    _again: deque[str] = field(default_factory=deque)  # lines that were read in vain

    def __post_init__(self) -> None:
        self._text = TextIOWrapper(self.file, encoding="utf-8-sig", newline="")

    def __enter__(self) -> "CsvFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()
        self.on_close.close()

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has come."""
        return 0 if self.file.closed else self.file.tell()

    def records(self) -> Iterator[Record]:
        """Yield every record after the header, in order; an empty line is a record without fields.

        Parsing is strict. A quote that does not fit, or is never closed, costs its own line: the next one is read anew.
        """
        self.rewind()
        start, taken = self._header_lines + 1, self._taken
        for _ in islice(self._lines(), self._header_lines):
            taken.clear()
        while True:
            taken.clear()
            reader = self._reader(self._lines())  # behind the last line, a generator does not go on
            try:
                for fields in reader:
                    yield start, fields, ""
                    start += len(taken)
                    taken.clear()
            except csv.Error as error:
                yield start, [], csv_reason(error)
                self._again.extendleft(reversed(taken[1:]))
                start += 1
            else:
                return

    def record_at(self, start: int) -> Record:
        """Return the record that starts on line `start`; lines must be asked for in ascending order.

        What lies between is skipped unparsed, which makes reading a few records again cheap.
        """
        lines = self._lines()
        for _ in islice(lines, start - 1 - self._passed):
            self._taken.clear()
        self._taken.clear()
        try:
            fields, malformed = next(self._reader(lines)), ""
        except csv.Error as error:
            fields, malformed = [], csv_reason(error)
            self._again.extendleft(reversed(self._taken[1:]))
            del self._taken[1:]
        self._passed = start - 1 + len(self._taken)
        self.raw = "".join(self._taken).rstrip("\r\n")
        return start, fields, malformed

    def rewind(self) -> None:
        """Go back to the start."""
        self._text.seek(0)
        self._again.clear()
        self._passed = 0

    def _reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, escapechar=self.escape, strict=True)

    def _lines(self) -> Iterator[str]:
        """Yield the lines that come next, and note them as taken; this runs once per line and is kept short."""
        readline, again, taken = self._text.readline, self._again, self._taken
        while text := again.popleft() if again else readline(LONGEST_LINE):
            if len(text) == LONGEST_LINE and not text.endswith(("\n", "\r")):
                raise UnusableCsv(f"{self.name}: a line is longer than {LONGEST_LINE} characters.", field=self.name)
            if len(taken) == MOST_LINES:
                again.appendleft(text)
                raise csv.Error("too many lines")
            taken.append(text)
            yield text

    def read_header(self, wanted: Sequence[str]) -> None:
        """Find the delimiter and the wanted columns in the first line that is not empty, nor `sep=;`."""
        candidates = DELIMITERS
        for text in self._lines():
            self._header_lines += 1
            self._taken.clear()
            if self._header_lines == 1 and (said := SEP_LINE.fullmatch(text)):
                candidates = said[1]
            elif text.strip():
                break
        else:
            raise UnusableCsv(f"{self.name} is empty.", field=self.name)
        headers = [(d, [cell.strip().lower() for cell in next(csv.reader([text], delimiter=d))]) for d in candidates]
        self.delimiter, header = max(headers, key=lambda found: (len(set(wanted) & set(found[1])), len(found[1])))
        self.escape = self._escape()
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

    def _escape(self) -> str | None:
        """Return the backslash where the first rows have quotes behind backslashes, and can be read only so."""
        start = self._text.read(LOOKED_AT)
        if '\\"' not in start or _is_readable(start, self.delimiter, None):
            return None
        return "\\" if _is_readable(start, self.delimiter, "\\") else None


def _is_readable(text: str, delimiter: str, escape: str | None) -> bool:
    """Return whether the whole lines of a text that may be cut off are records."""
    lines = list(StringIO(text, newline=""))
    try:
        deque(csv.reader(lines[:-1] or lines, delimiter=delimiter, escapechar=escape, strict=True), maxlen=0)
    except csv.Error as error:
        return "unexpected end" in str(error)
    return True


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
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnusableCsv(f"{path} is not a regular file.", field=name)
    with ExitStack() as on_failure:
        on_failure.callback(os.close, descriptor)
        kept_for_a_day = Path(settings.IMPORT_UPLOADS)  # should this process end in the middle
        kept_for_a_day.mkdir(parents=True, exist_ok=True)
        scratch = on_failure.enter_context(TemporaryDirectory(prefix="copy-", dir=kept_for_a_day))
        csv_file = _opened(Path(f"/dev/fd/{descriptor}"), name, wanted, Path(scratch))
        csv_file.on_close = on_failure.pop_all()
    return csv_file


def _opened(path: Path, name: str, wanted: Sequence[str], scratch: Path) -> CsvFile:
    try:
        text = text_of(path, scratch, wanted=wanted, most_bytes=settings.IMPORT_MAX_UPLOAD)
    except BrokenFile as error:
        raise UnusableCsv(f"{name}: {error.detail}", field=name) from error
    file = BufferedReader(FileIO(text.path), 1024 * 1024)
    csv_file = CsvFile(file, name, os.fstat(file.fileno()).st_size, text.read_as)
    try:
        csv_file.read_header(wanted)
    except (UnusableCsv, csv.Error) as error:
        file.close()
        if isinstance(error, csv.Error):
            raise UnusableCsv(f"{name}: the header cannot be read: {csv_reason(error)}.", field=name) from error
        raise
    return csv_file
