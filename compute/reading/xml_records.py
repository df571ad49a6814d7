"""Read the records of an XML document, in one pass and bounded memory: nothing that a record holds is left out.

A record's attributes and children are columns; what lies deeper has a dotted name (`author.first`, `circle.@angle`). A child
that repeats anywhere is JSON text everywhere. Column names that are no XML names are read as SQL/XML writes them
(`unit_x0020_price` is `unit price`). A document type is passed over and never fetched; entities are refused.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from xml.parsers import expat

from compute.files.errors import BrokenFile, quoted
from compute.files.parse_errors import broken_xml
from compute.files.xml_encoding import text_of

MAX_RECORD_CHARACTERS = 16 * 1024 * 1024
MOST_LEVELS = 100
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4,6})_")
Path = tuple[str, ...]
Record = dict[str, str | None]


@dataclass
class Apart:
    """What one record shows, and all are then read by: attributes that are told from children, and children that repeat."""

    attributes: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class RecordsAt:
    """Where records are. Unless `is_only`, what else stands beside them and is more than text is a record, too."""

    path: Path
    is_only: bool = False

    def is_at(self, path: list[str]) -> bool:
        """Return whether an element at this path may be a record."""
        if self.is_only:
            return tuple(path[-len(self.path) :]) == self.path
        return len(path) == len(self.path) and tuple(path[:-1]) == self.path[:-1]


def read_records(file: BinaryIO, encoding: str, records_at: RecordsAt, apart: Apart) -> Iterator[Record]:
    """Yield the records, each as text by column; an empty element or attribute is null.

    What is found to be apart on the way is noted in `apart`: where that grows, read again from the start.
    """
    reader = _Reader(records_at, apart)
    try:
        for text in text_of(file, encoding):
            reader.parser.Parse(text, False)
            yield from reader.take()
        reader.parser.Parse("", True)
    except expat.ExpatError as error:
        raise broken_xml(error) from error


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: "list[_Element]" = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        text = "".join(self.parts)
        return text if not self.children or text.strip() else ""


class _Reader:
    """Collects records from expat's events."""

    def __init__(self, records_at: RecordsAt, apart: Apart) -> None:
        self._at, self._apart = records_at, apart
        self.parser = expat.ParserCreate("UTF-8")  # whatever is declared
        self.parser.buffer_text = True
        self.parser.EntityDeclHandler = self._refuse_entity
        self.parser.SkippedEntityHandler = self._refuse_entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._path: list[str] = []
        self._open: list[_Element] = []  # the record and what is open in it
        self._size = 0
        self._done: list[Record] = []

    def take(self) -> list[Record]:
        """Return the records that are complete."""
        done, self._done = self._done, []
        return done

    def _refuse_entity(self, name: str, *_: object) -> None:
        line = self.parser.CurrentLineNumber
        raise BrokenFile(
            f"The file cannot be read: line {line}: the entity {quoted(name)} is declared or used, which is not taken;"
            " write the text itself in its place."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if self._open:
            element = _Element(name, attributes)
            self._open[-1].children.append(element)
            self._open.append(element)
            if len(self._open) > MOST_LEVELS:
                line = self.parser.CurrentLineNumber
                raise BrokenFile(f"The file cannot be read: line {line}: a record has more than {MOST_LEVELS} levels.")
        elif self._at.is_at(self._path):
            self._open.append(_Element(name, attributes))
            self._size = 0

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._open:
            element = self._open.pop()
            if not self._open and self._is_record(element):
                self._done.append(self._record(element))

    def _is_record(self, element: _Element) -> bool:
        """Return whether it is one: not what is only text beside records, nor a root with nothing in it."""
        if element.children or element.attributes:
            return True
        return element.name == self._at.path[-1] and (bool(self._path) or bool(element.text.strip()))

    def _text(self, text: str) -> None:
        if self._open:
            self._size += len(text)
            if self._size > MAX_RECORD_CHARACTERS:
                raise BrokenFile(f"A record has more than {MAX_RECORD_CHARACTERS} characters.")
            self._open[-1].parts.append(text)

    def _record(self, element: _Element) -> Record:
        record: Record = {}
        children = {_decoded(child.name) for child in element.children}
        for name, value in element.attributes.items():
            column = _decoded(name)
            if column in children:
                self._apart.attributes.add(column)
            record[f"@{column}" if column in self._apart.attributes else column] = value or None
        if element.text or not (element.children or element.attributes):
            record[_decoded(element.name)] = element.text or None
        self._flatten(element, "", record)
        return record

    def _flatten(self, element: _Element, prefix: str, record: Record) -> None:
        """Put an element's children into the record under dotted names, those that repeat as JSON."""
        by_name: dict[str, list[_Element]] = {}
        for child in element.children:
            by_name.setdefault(child.name, []).append(child)
        for name, found in by_name.items():
            column = prefix + _decoded(name)
            if len(found) > 1:
                self._apart.repeated.add(column)
            if column in self._apart.repeated:
                record[column] = json.dumps([_as_json(each) for each in found], ensure_ascii=False)
                continue
            (child,) = found
            if child.text or not (child.children or child.attributes):
                record[column] = child.text or None
            for attribute, value in child.attributes.items():
                record[f"{column}.@{_decoded(attribute)}"] = value or None
            if child.children:
                self._flatten(child, f"{column}.", record)


def _as_json(element: _Element) -> Any:
    """An element as JSON: its text where that is all; `#text` where it is not."""
    if not element.children and not element.attributes:
        return element.text or None
    found: dict[str, Any] = {f"@{_decoded(name)}": value for name, value in element.attributes.items()}
    by_name: dict[str, list[Any]] = {}
    for child in element.children:
        by_name.setdefault(_decoded(child.name), []).append(_as_json(child))
    found |= {name: values if len(values) > 1 else values[0] for name, values in by_name.items()}
    return found | ({"#text": element.text} if element.text else {})


def _decoded(name: str) -> str:
    return _ESCAPED.sub(_unescaped, name) if "_x" in name else name


def _unescaped(match: re.Match[str]) -> str:
    """The character; what stands there where it is none that text can hold."""
    code = int(match[1], 16)
    return match[0] if not code or 0xD800 <= code <= 0xDFFF or code > sys.maxunicode else chr(code)
