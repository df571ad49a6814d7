"""Options of a request that say how to read a file: the object `read`. Each may be left out; then it is detected."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from compute.files.errors import UnusableOption, quoted
from compute.files.notation import Notation


class OnBadRows(StrEnum):
    """What becomes of a row that has too few or too many cells, or quotes that do not fit."""

    ERROR = "error"  # it fails the job
    SKIP = "skip"  # it is left out, and told
    PAD = "pad"  # missing cells are empty, and what is too much is left out; quotes that do not fit as with SKIP


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file. A blank text or None: as detected."""

    encoding: str = ""
    delimiter: str = ""
    quote: str | None = None  # blank: nothing is quoted
    escape: str | None = None  # blank: only a doubled quote is one
    header: bool = True
    skip_rows: int = 0  # lines before the header
    comment: str = ""
    decimal: str = "."
    thousands: str = ""
    null_values: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    on_bad_rows: OnBadRows = OnBadRows.ERROR
    record: str = ""
    sheet: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return the options that a request gives as JSON, checked by its serializer."""
        options = {name: value for name, value in given.items() if name in cls.__dataclass_fields__}
        if "null_values" in options:
            options["null_values"] = tuple(options["null_values"])
        if "on_bad_rows" in options:
            options["on_bad_rows"] = OnBadRows(options["on_bad_rows"])
        return cls(**options)

    @property
    def notation(self) -> Notation:
        return Notation(self.decimal, self.thousands)

    @property
    def is_plain(self) -> bool:
        """Return whether nothing is said that only our own reader of delimited text does."""
        return (
            self.quote in (None, '"')
            and not self.escape
            and self.header
            and not self.skip_rows
            and not self.comment
            and self.on_bad_rows == OnBadRows.ERROR
        )

    def check(self) -> None:
        """Raise UnusableOption for what cannot be, alone or together."""
        marks = {"delimiter": self.delimiter, "quote": self.quote, "escape": self.escape, "comment": self.comment}
        for name, mark in marks.items():
            if mark and (len(mark) > 1 or mark in "\r\n\0"):
                raise UnusableOption(f"{quoted(mark)} is not one character that can stand in a line.", f"read.{name}")
        given = [mark for name, mark in marks.items() if mark and name != "escape"]
        if len(set(given)) < len(given):
            raise UnusableOption("Delimiter, quote and comment must be three different characters.", "read.delimiter")
        if self.decimal == self.thousands:
            raise UnusableOption("The decimal point and the thousands separator must differ.", "read.thousands")
        if self.encoding:
            codec_of(self.encoding)


def codec_of(encoding: str) -> str:
    """Return the codec of a text encoding; raise UnusableOption where there is none of this name."""
    try:
        codec = codecs.lookup(encoding)
        is_text = "".encode(codec.name) is not None
    except (LookupError, ValueError, UnicodeError):
        is_text = False
    if not is_text or codec.name in ("idna", "punycode", "undefined"):
        raise UnusableOption(f"{quoted(encoding)} is not an encoding of text; cp1252 is one.", "read.encoding")
    return codec.name
