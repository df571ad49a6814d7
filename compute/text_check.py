"""Whether a text is UTF-8 without NUL characters: engines look only at the columns that they need."""

import codecs
import io
from typing import BinaryIO

from compute.faults import BrokenFile

CHUNK_BYTES = 256 * 1024  # which stays in a processor's cache


class TextChecker:
    """Takes a text chunk by chunk; raises BrokenFile at the first byte that does not belong into one."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._offset = 0

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if b"\0" in chunk:
            offset = self._offset + chunk.index(b"\0")
            raise BrokenFile(f"The file holds a NUL character, at byte {offset}; it is not text. Remove it.")
        if self._pending or not chunk.isascii():
            self._decode(chunk, is_last=False)
        self._offset += len(chunk)

    def end(self) -> None:
        """Look whether the last character is whole."""
        self._decode(b"", is_last=True)

    @property
    def _pending(self) -> bytes:
        """The first bytes of a character whose others are yet to come."""
        return self._decoder.getstate()[0]

    def _decode(self, chunk: bytes, *, is_last: bool) -> None:
        start = self._offset - len(self._pending)
        try:
            self._decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            raise not_utf8(start + error.start, error.object[error.start]) from error


class CheckedText(io.BufferedIOBase):
    """The bytes of a file that is text; raises BrokenFile when what is read is not."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._checker = TextChecker()

    def readable(self) -> bool:
        """Whether it can be read, which is all that it is for."""
        return True

    def read1(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        chunk = self._file.read(size)
        if chunk:
            self._checker.feed(chunk)
        else:
            self._checker.end()
        return chunk


def check_text(text: bytes, *, is_all: bool) -> None:
    """Raise BrokenFile unless the text is UTF-8 without NUL; where it is not all, its last character may be cut off."""
    checker = TextChecker()
    checker.feed(text)
    if is_all:
        checker.end()


def not_utf8(offset: int, byte: int) -> BrokenFile:
    """Return the fault that names the first byte that is not UTF-8. What encoding it is of cannot be known."""
    return BrokenFile(
        f"The file is not UTF-8: byte {offset} is 0x{byte:02x}. Save it as UTF-8, or convert it from the encoding that it"
        " was saved in, such as Windows-1252."
    )
