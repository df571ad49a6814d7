"""Read the records of an XML document, in one pass and bounded memory: nothing that a record holds is left out.

A record's attributes and children are columns; what lies deeper has a dotted name (`author.first`, `circle.@angle`). A child
that repeats anywhere is JSON text everywhere. Column names that are no XML names are read as SQL/XML writes them
(`unit_x0020_price` is `unit price`). A document type is passed over and never fetched; entities are refused.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO
from xml.parsers import expat

from compute.files.errors import BrokenFile, quoted
from compute.files.parse_errors import broken_xml
from compute.files.xml_encoding import text_of
from compute.reading.xml_elements import Apart, Element, decoded
from compute.reading.xml_template import Columns, Template

MAX_RECORD_CHARACTERS = 16 * 1024 * 1024
MOST_LEVELS = 100
MOST_TEMPLATE_FIELDS = 1000
PIECES = 16  # of text, which are read quickly at a time: a million characters
MARK = "apron-is-here"
Path = tuple[str, ...]
Record = dict[str, str | None]


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


class NotQuickError(Exception):
    """The document was not read as it is, and must be read again without haste."""


def read_records(
    file: BinaryIO, encoding: str, records_at: RecordsAt, apart: Apart, *, quickly: bool = False
) -> Iterator[Columns]:
    """Yield the records, some at a time, each as text by column; an empty element or attribute is null.

    What is found to be apart on the way is noted in `apart`: where that grows, read again from the start. With `quickly`,
    records like one before them are read by a template; a NotQuickError or BrokenFile raised then counts for nothing.
    """
    reader = _Reader(records_at, apart)
    try:
        for text in _larger(text_of(file, encoding)) if quickly else text_of(file, encoding):
            yield from reader.read_quickly(text) if quickly else reader.read(text)
        yield from reader.end()
    except expat.ExpatError as error:
        raise broken_xml(error) from error


def _larger(texts: Iterator[str]) -> Iterator[str]:
    while piece := "".join(islice(texts, PIECES)):
        yield piece


class _Reader:
    """Collects records from expat's events; text that needs none goes around it."""

    def __init__(self, records_at: RecordsAt, apart: Apart) -> None:
        self._at, self._apart = records_at, apart
        self.parser = expat.ParserCreate("UTF-8")  # whatever is declared
        self.parser.buffer_text = True
        self.parser.EntityDeclHandler = self._refuse_entity
        self.parser.SkippedEntityHandler = self._refuse_entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._note_doctype
        self.parser.ProcessingInstructionHandler = self._note_instruction
        self._path: list[str] = []
        self._open: list[Element] = []  # the record and what is open in it
        self._size = 0
        self._done: list[Record] = []
        self._rest = ""  # of the text, which the parser has not seen
        self._has_doctype = self._is_at_mark = False
        self._width = 0
        self._widest: Element | None = None
        self._template: Template | None = None

    def read(self, text: str, *, is_last: bool = False) -> Iterator[Columns]:
        """Yield the records that are complete with this text."""
        self.parser.Parse(text, is_last)
        done, self._done = self._done, []
        if done:
            names = dict.fromkeys(name for record in done for name in record)
            yield {name: [record.get(name) for record in done] for name in names}

    def read_quickly(self, text: str) -> Iterator[Columns]:
        """Yield the same, by the template where all records of the text are written like that."""
        text = self._rest + text
        template = self._renewed_template()
        first, last = template.bounds(text) if template else (0, text.rfind("<"))
        if last <= first:
            first, last = 0, len(text)
        self._rest = text[last:]
        yield from self.read(text[:first])  # to the end of the record that is open
        found = template.columns_of(text[first:last]) if template and self._is_between(template) else None
        if found is None:
            yield from self.read(text[first:last])
        else:
            yield found

    def end(self) -> Iterator[Columns]:
        """Yield the last records; raise ExpatError where the document does not end."""
        yield from self.read(self._rest, is_last=True)  # with the records that expat, since 2.6, has put off

    def _renewed_template(self) -> Template | None:
        if self._widest and not self._has_doctype:  # which may have attributes for all records
            self._template, self._widest = Template.of(self._widest, self._apart), None
        return self._template

    def _is_between(self, template: Template) -> bool:
        """Return whether all text was parsed, and a record can be next; raise NotQuickError where that cannot be known."""
        if self._open or not self._path or not self._at.is_at([*self._path, template.name]):
            return False
        self._is_at_mark = False
        self.parser.Parse(f"<?{MARK}?>", False)
        if not self._is_at_mark:  # within a comment or the like, or text is waiting
            raise NotQuickError
        return True

    def _note_instruction(self, target: str, _: str) -> None:
        self._is_at_mark = target == MARK

    def _note_doctype(self, *_: object) -> None:
        self._has_doctype = True

    def _refuse_entity(self, name: str, *_: object) -> None:
        line = self.parser.CurrentLineNumber
        raise BrokenFile(
            f"The file cannot be read: line {line}: the entity {quoted(name)} is declared or used, which is not taken;"
            " write the text itself in its place."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if self._open:
            element = Element(name, attributes)
            self._open[-1].children.append(element)
            self._open.append(element)
            if len(self._open) > MOST_LEVELS:
                line = self.parser.CurrentLineNumber
                raise BrokenFile(f"The file cannot be read: line {line}: a record has more than {MOST_LEVELS} levels.")
        elif self._at.is_at(self._path):
            self._open.append(Element(name, attributes))
            self._size = 0

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._open:
            element = self._open.pop()
            if not self._open and self._is_record(element):
                self._done.append(self._record(element))
                self._note_width(element)

    def _note_width(self, element: Element) -> None:
        """Keep the widest record, which has what others may leave out, for the template."""
        if self._width < element.width <= MOST_TEMPLATE_FIELDS:
            self._width, self._widest = element.width, element

    def _is_record(self, element: Element) -> bool:
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

    def _record(self, element: Element) -> Record:
        record: Record = {}
        children = {decoded(child.name) for child in element.children}
        for name, value in element.attributes.items():
            column = decoded(name)
            if column in children:
                self._apart.attributes.add(column)
            record[f"@{column}" if column in self._apart.attributes else column] = value or None
        if element.text or not (element.children or element.attributes):
            record[decoded(element.name)] = element.text or None
        self._flatten(element, "", record)
        return record

    def _flatten(self, element: Element, prefix: str, record: Record) -> None:
        """Put an element's children into the record under dotted names, those that repeat as JSON."""
        by_name: dict[str, list[Element]] = {}
        for child in element.children:
            by_name.setdefault(child.name, []).append(child)
        for name, found in by_name.items():
            column = prefix + decoded(name)
            if len(found) > 1:
                self._apart.repeated.add(column)
            if column in self._apart.repeated:
                record[column] = json.dumps([each.as_json() for each in found], ensure_ascii=False)
                continue
            (child,) = found
            if child.text or not (child.children or child.attributes):
                record[column] = child.text or None
            for attribute, value in child.attributes.items():
                record[f"{column}.@{decoded(attribute)}"] = value or None
            if child.children:
                self._flatten(child, f"{column}.", record)
