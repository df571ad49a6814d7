"""Read JSON sequentially and strictly: slow and exact. Used to verify what the engines read.

Strict, as RFC 8259 has it: no NaN, no comments, no commas too many. A file is an array of records, or records one after
the other, each on a line or over several. What a record holds is given as DuckDB writes it: compact, numbers as the doubles
that they are, whole numbers with all their digits.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from compute.files.errors import BrokenFile, quoted
from compute.files.formats import MARK, Format, Source, open_bytes
from compute.files.json_paths import MOST_LEVELS, Path, Paths, key_twice

_LEXEME = re.compile(
    r'[ \t\r\n]*(?:(?P<string>"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9.eE+-])"
    r"|(?P<word>true|false|null)(?![A-Za-z])|(?P<mark>[\[\]{},:]))"
)
ENDS = {"[": "]", "{": "}"}
_BLANKS = re.compile(r"[ \t\r\n]*")
_ESCAPES = {code: f"\\u{code:04X}" for code in range(0x20)} | {
    ord(character): f"\\{letter}" for character, letter in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)
}
NO_NUMBERS = re.compile(
    rb"(?<=[:\[,\s-])(?:nan|inf(?:inity)?)(?=[,\]}\s])", re.IGNORECASE
)  # that DuckDB takes for some


def read_records(source: Source) -> Iterator[dict[str, str | None]]:
    """Yield the records, each value as its JSON text, null being None; raise BrokenFile with the line where it is no JSON."""
    with open_bytes(source) as file:
        content = file.read().removeprefix(MARK)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BrokenFile(f"The file is not UTF-8: byte {error.start} is 0x{content[error.start]:02x}.") from error
    reader = _Reader(text)
    yield from reader.array() if source.format == Format.JSON else reader.sequence()


def flattened(records: Iterable[Mapping[str, str | None]]) -> tuple[dict[str, Path], list[dict[Path, str | None]]]:
    """Return the columns of records, and the records by the path of each value: objects within them are taken apart."""
    paths, found = Paths(), []
    for record in records:
        values: dict[Path, str | None] = {}
        _flatten(record, (), values, paths)
        found.append(values)
    return paths.columns(), found


def _flatten(record: Mapping[str, str | None], prefix: Path, values: dict[Path, str | None], paths: Paths) -> None:
    for name, text in record.items():
        path = (*prefix, name)
        if text and text.startswith("{") and text != "{}" and len(path) < MOST_LEVELS:
            paths.note(path, has_value=False)
            try:
                (members,) = _Reader(text).sequence()
            except BrokenFile as error:
                raise key_twice(path) from error
            _flatten(members, path, values, paths)
        else:
            values[path] = text
            paths.note(path, has_value=text is not None)


def check_records(source: Source) -> None:
    """Raise BrokenFile unless the file is sound."""
    for _ in read_records(source):
        pass


class _Reader:
    """Reads a text token by token; `_kind` and `_lexeme` are the last one."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self._kind = self._lexeme = ""

    def array(self) -> Iterator[dict[str, str | None]]:
        """Yield the records of a text that is one array."""
        self._next("[")
        if self._next() != "]":
            yield self._record()
            while self._next(",", "]") == ",":
                self._next()
                yield self._record()
        if not self._is_at_end():
            raise self._broken("there is more behind the list's ]")

    def sequence(self) -> Iterator[dict[str, str | None]]:
        """Yield the records of a text that has one after the other."""
        while not self._is_at_end():
            self._next()
            yield self._record()

    def _record(self) -> dict[str, str | None]:
        """The record that begins with the last token."""
        if self._lexeme != "{":
            raise self._broken(f"{quoted(self._value())} is not a record")
        record: dict[str, str | None] = {}
        while self._next('"', "}" if not record else '"') != "}":
            name = json.loads(self._string())
            if name in record:
                raise self._broken(f"the record has the key {quoted(name)} twice")
            self._next(":")
            self._next()
            value = self._value()
            record[name] = None if value == "null" else value
            if self._next(",", "}") == "}":
                break
        return record

    def _value(self) -> str:
        """The text of the value that begins with the last token. No recursion: there is no limit to its depth."""
        parts: list[str] = []
        ends: list[str] = []  # the marks that close what is open
        while True:
            if self._lexeme in ENDS:
                parts.append(self._lexeme)
                ends.append(ENDS[self._lexeme])
                is_empty = self._next() == ends[-1]
            else:
                parts.append(self._scalar())
                is_empty = False
            if self._closed(parts, ends, is_first=parts[-1] in ENDS and not is_empty):
                return "".join(parts)

    def _closed(self, parts: list[str], ends: list[str], *, is_first: bool) -> bool:
        """Close what ends behind a value, and go on to the next one; return whether there is none. `is_first`: it is here."""
        if not is_first:
            if ends and self._lexeme != ends[-1]:
                self._next(",", ends[-1])
            while ends and self._lexeme == ends[-1]:
                parts.append(ends.pop())
                if ends:
                    self._next(",", ends[-1])
            if not ends:
                return True
            parts.append(",")
            self._next()
        if ends[-1] == "}":
            parts.append(self._key())
        return False

    def _key(self) -> str:
        """The key that is the last token, with its colon; then the value begins with the last token."""
        if self._kind != "string":
            raise self._unexpected()
        key = self._string() + self._next(":")
        self._next()
        return key

    def _scalar(self) -> str:
        if self._kind == "mark":
            raise self._unexpected()
        if self._kind == "string":
            return self._string()
        return number_text(self._lexeme) if self._kind == "number" else self._lexeme

    def _string(self) -> str:
        if "\\" not in self._lexeme:
            return self._lexeme
        value: str = json.loads(self._lexeme)
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise self._broken(f"{quoted(self._lexeme)} has half of a surrogate pair, which is no character")
        return '"' + value.translate(_ESCAPES) + '"'

    def _next(self, *expected: str) -> str:
        """Read the next token: one of the marks, or a string for `"`, where some are expected."""
        found = _LEXEME.match(self._text, self._place)
        if not found or not found.lastgroup:
            raise self._unexpected_text()
        self._place, self._kind, self._lexeme = found.end(), found.lastgroup, found[found.lastgroup]
        if expected and self._lexeme[0] not in expected:
            raise self._unexpected()
        return self._lexeme

    def _is_at_end(self) -> bool:
        return self._skip_whitespace() == len(self._text)

    def _skip_whitespace(self) -> int:
        found = _BLANKS.match(self._text, self._place)
        return found.end() if found else self._place

    def _unexpected(self) -> BrokenFile:
        return self._broken(f"{quoted(self._lexeme)} is not expected there")

    def _unexpected_text(self) -> BrokenFile:
        self._place = self._skip_whitespace()
        rest = self._text[self._place : self._place + 100].split("\n")[0]
        return self._broken(f"{quoted(rest)} is no JSON" if rest else "it ends in the middle of a record")

    def _broken(self, reason: str) -> BrokenFile:
        line = self._text.count("\n", 0, self._place) + 1
        return BrokenFile(f"The file cannot be read: line {line}: {reason}.")


def number_text(written: str) -> str:
    """Return a number as DuckDB writes it: 1.50 as 1.5, 1E2 as 100.0, one beyond all doubles as it stands."""
    if written.lstrip("-").isdigit():
        return "0" if written == "-0" else written
    number = float(written)
    if math.isinf(number):
        return written
    exact = Decimal(repr(number))
    if number and not -7 < exact.adjusted() < 21:
        digits = "".join(map(str, exact.as_tuple().digits)).rstrip("0")
        fraction = f".{digits[1:]}" if digits[1:] else ""
        return f"{'-' * (number < 0)}{digits[0]}{fraction}e{exact.adjusted()}"
    text = format(exact, "f")
    return text if "." in text else f"{text}.0"
