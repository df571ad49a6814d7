"""Read entries from a body of JSON lines, a block at a time, so that a body of any length takes bounded memory."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from config.api.problems import Problem, errors_of
from config.core.json import loads
from ingest.api.entry_input import entry_of
from ingest.exceptions import ContentTooLarge, InvalidData
from ingest.storage.entries import Entry

READ_BYTES = 64 * 1024
BLOCK_LINES = 1000  # or as many as the following bytes
BLOCK_BYTES = 4 * 1024 * 1024
LONGEST_LINE = 16 * 1024 * 1024  # bytes: as long as a body of one entry may be
MOST_ERRORS = 100  # told of those lines that are not kept

Read = Callable[[int], bytes]


class Block(NamedTuple):
    """The entries of the lines up to `last_line`, from where the block before ends."""

    last_line: int
    entries: list[Entry]


class Lines:
    """The lines of a body, and what is wrong with them."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.number = 0  # of the last line read
        self.rejected = 0
        self.errors: list[dict[str, int | str]] = []

    def blocks(self, after: int = 0) -> Iterator[Block]:
        """Yield the entries; of the lines up to `after` only errors are counted, since their entries are there already."""
        entries: list[Entry] = []
        size = 0
        for line in split_lines(self._read):
            self.number += 1
            if line is None or line.strip():
                entry = self._entry_of(line)
                if entry and self.number > after:
                    entries.append(entry)
                    size += len(line or b"")
            if len(entries) == BLOCK_LINES or size > BLOCK_BYTES:
                yield Block(self.number, entries)
                entries, size = [], 0
        if self.number > after:
            yield Block(self.number, entries)

    def _entry_of(self, line: bytes | None) -> Entry | None:
        try:
            return _parse(line)
        except (Problem, ValidationError) as error:
            self.rejected += 1
            if len(self.errors) < MOST_ERRORS:
                first, *_ = errors_of(error)
                self.errors.append({"line": self.number, "field": first["field"], "message": first["message"]})
            return None


def _parse(line: bytes | None) -> Entry:
    if line is None:
        raise ContentTooLarge(
            _("A line may have at most %(longest_line)s bytes.") % {"longest_line": LONGEST_LINE}, field=""
        )
    try:
        document = loads(line)
    except ValueError as error:
        raise InvalidData(_("The line is not JSON: %(error)s.") % {"error": error}) from error
    return entry_of(document)


def split_lines(read: Read) -> Iterator[bytes | None]:
    """Yield the lines without their ends; None for one that is longer than LONGEST_LINE."""
    rest = bytearray()
    is_too_long = False
    while chunk := read(READ_BYTES):
        first, *others = chunk.split(b"\n")
        rest += first
        for line in others:
            yield None if is_too_long else bytes(rest)
            rest, is_too_long = bytearray(line), False
        if len(rest) > LONGEST_LINE:
            rest.clear()
            is_too_long = True
    if rest or is_too_long:
        yield None if is_too_long else bytes(rest)
