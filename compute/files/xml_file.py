"""Read XML as a table: the root's repeated children are records, their children and attributes are columns.

Read in one pass and bounded memory. Documents with a DTD are refused whole, so there are no entities to expand and nothing is
ever fetched. Column names that are no XML names are written as SQL/XML writes them (`unit price` is `unit_x0020_price`).
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO
from xml.parsers import expat
from xml.sax.saxutils import escape

from compute.files.errors import BrokenFile, quoted, shortened
from compute.files.parse_errors import broken_xml
from compute.files.xml_encoding import text_of

MAX_RECORD_CHARACTERS = 16 * 1024 * 1024
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4,6})_")
_NOT_IN_NAME = re.compile(r"[^\w.-]|^[^A-Za-z_]|_(?=x[0-9A-Fa-f]{4,6}_)", re.ASCII)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read_records(file: BinaryIO) -> Iterator[dict[str, str | None]]:
    """Yield the records, each as text by column; an empty element or attribute is null."""
    reader = _Reader()
    try:
        for text in text_of(file):
            reader.parser.Parse(text, False)
            yield from reader.take()
        reader.parser.Parse("", True)
    except expat.ExpatError as error:
        raise broken_xml(error) from error


class _Reader:
    """Collects records from expat's events."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("UTF-8")  # whatever is declared
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_dtd
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._depth = self._size = 0
        self._record: dict[str, str | None] = {}
        self._parts: list[str] = []
        self._done: list[dict[str, str | None]] = []

    def take(self) -> list[dict[str, str | None]]:
        """Return the records that are complete."""
        done, self._done = self._done, []
        return done

    def _refuse_dtd(self, *_: object) -> None:
        raise BrokenFile("The file has a document type declaration, which is not taken; remove <!DOCTYPE ...>.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 2:
            self._record, self._size = {}, 0
            for key, value in attributes.items():
                self._put(key, value)
        elif self._depth == 3:
            self._parts = []
        elif self._depth > 3:
            line = self.parser.CurrentLineNumber
            raise BrokenFile(f"Line {line}: <{shortened(name)}> lies inside a column; records must be flat.")

    def _end(self, name: str) -> None:
        if self._depth == 3:
            self._put(name, "".join(self._parts))
        elif self._depth == 2:
            self._done.append(self._record)
        self._depth -= 1

    def _text(self, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_RECORD_CHARACTERS:
            raise BrokenFile(f"A record has more than {MAX_RECORD_CHARACTERS} characters.")
        if self._depth == 3:
            self._parts.append(text)
        elif text.strip():
            line = self.parser.CurrentLineNumber
            raise BrokenFile(f"Line {line}: there is text outside the records' columns.")

    def _put(self, name: str, value: str) -> None:
        column = _decoded(name)
        if column in self._record:
            line = self.parser.CurrentLineNumber
            raise BrokenFile(f"Line {line}: the record has {quoted(column)} twice.")
        self._record[column] = value or None


def written_records(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Iterator[str]:
    """Yield the document's text: `<records><record><column>text</column>...`; null is an empty element."""
    names = [_encoded(column) for column in columns]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<records>\n'
    for row in rows:
        cells = (
            f"<{name}/>" if value is None else f"<{name}>{_written(value)}</{name}>"
            for name, value in zip(names, row, strict=True)
        )
        yield f"<record>{''.join(cells)}</record>\n"
    yield "</records>\n"


def _written(value: str) -> str:
    if found := _FORBIDDEN.search(value):
        raise BrokenFile(f"XML cannot hold the character U+{ord(found[0]):04X}; ask for another output_format.")
    return escape(value, {"\r": "&#13;"})


def _encoded(column: str) -> str:
    return _NOT_IN_NAME.sub(lambda match: f"_x{ord(match[0]):04X}_", column)


def _decoded(name: str) -> str:
    return _ESCAPED.sub(_unescaped, name)


def _unescaped(match: re.Match[str]) -> str:
    """The character; what stands there where it is none that text can hold."""
    code = int(match[1], 16)
    return match[0] if not code or 0xD800 <= code <= 0xDFFF or code > sys.maxunicode else chr(code)
