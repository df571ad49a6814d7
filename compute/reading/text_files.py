"""Open a text in any encoding; raise BrokenFile for bytes that are not of it, and for NULs."""

import codecs
import io
from pathlib import Path
from typing import TextIO

from compute.files.errors import BrokenFile
from compute.reading.encodings import Encoding, wrong_byte

CHUNK_BYTES = 1024 * 1024


def open_text(path: Path, encoding: Encoding) -> TextIO:
    """Open it for reading, its line ends as they are."""
    return io.TextIOWrapper(_Decoder(path, encoding), encoding="utf-8", newline="")  # type: ignore[type-var]


def copy_as_utf_8(path: Path, encoding: Encoding, target: Path) -> None:
    """Write the text to `target` as UTF-8."""
    with _Decoder(path, encoding) as file, target.open("wb") as copy:
        while text := file.read1():
            copy.write(text)


class _Decoder(io.BufferedIOBase):
    """A file behind its byte order mark, as UTF-8."""

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self._file = path.open("rb")
        self._file.seek(encoding.mark_bytes)
        self._encoding, self._offset = encoding, encoding.mark_bytes
        self._decoder = codecs.getincrementaldecoder(encoding.codec)()

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def read1(self, size: int = -1) -> bytes:
        """Return the next text, as UTF-8."""
        while True:
            pending = len(self._decoder.getstate()[0])  # bytes of a character that was cut off
            chunk = self._file.read(size if size > 0 else CHUNK_BYTES)
            try:
                text = self._decoder.decode(chunk, not chunk)
            except UnicodeDecodeError as error:
                place, byte = self._offset - pending + error.start, error.object[error.start]
                raise wrong_byte(self._encoding, place, byte) from error
            if "\0" in text:
                place = self._offset + (chunk.index(b"\0") if self._encoding.is_utf_8 else 0)
                raise BrokenFile(f"The file holds a NUL character, at byte {place}; it is not text. Remove it.")
            self._offset += len(chunk)
            if text or not chunk:
                return text.encode()
