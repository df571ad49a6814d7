"""Find the encoding of a text: what the request says, its byte order mark, its NULs, UTF-8, or else the best guess."""

import codecs
import math
import re
from dataclasses import dataclass
from typing import BinaryIO

from compute.files.errors import BrokenFile
from compute.files.text_check import CHUNK_BYTES, TextChecker, not_utf8
from compute.reading.options import codec_of

UTF_8 = "utf-8"
_MARKS = {  # the longer ones first
    codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be", codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
}  # fmt: skip
_LOOKED_AT = 1024  # a multiple of four
_MANY = 0.6  # of the characters that have a NUL in them where a text is in UTF-16
_GUESSED_FROM = 32 * 1024  # bytes of lines that have other than ASCII
_FEW = 2  # characters beyond ASCII say nothing about an alphabet
_SYMBOL_IN_WORD = re.compile(
    r"[^\W\d_][¹³¿£¥¼¾ª]|[¹³¿£¥¼¾ª][^\W\d_]"
)  # letters of Central Europe, read as Western text
_COMMON = "cp1252"
_GUESSED = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "cp932", "gb18030", "big5", "cp949", "koi8_r", "mac_roman",
    "cp850", "euc_jp",
)  # fmt: skip


@dataclass(frozen=True)
class Encoding:
    """A codec, the length of the byte order mark before the text, and whether it is no more than a guess."""

    codec: str
    mark_bytes: int = 0
    is_guessed: bool = False

    @property
    def is_utf_8(self) -> bool:
        return self.codec == UTF_8


def encoding_of(head: bytes, asked: str) -> Encoding:
    """Return the encoding of a text that begins with `head`; UTF-8 where nothing speaks against it there."""
    if asked:
        codec = codec_of(asked)
        mark = next(
            (mark for mark, name in _MARKS.items() if head.startswith(mark) and codec.startswith(name[:6])), b""
        )
        return Encoding(_endless(codec, mark), len(mark))
    for mark, codec in _MARKS.items():
        if head.startswith(mark):
            return Encoding(codec, len(mark))
    return Encoding(_wide_encoding(head) or UTF_8)


def encoding_of_all(file: BinaryIO, asked: str, *, most_bytes: float = math.inf) -> Encoding:
    """Return the encoding of a whole file, which is guessed where it is not UTF-8; raise BrokenFile where it is damaged.

    UTF-8 is a guess, too, where the file goes on behind `most_bytes`: they are all that is looked at.
    """
    head = file.read(CHUNK_BYTES)
    found = encoding_of(head, asked)
    if asked or not found.is_utf_8:
        return found
    checker, chunk = TextChecker(), head
    try:
        while chunk:
            last = chunk
            checker.feed(chunk)
            chunk = file.read(CHUNK_BYTES)
            if chunk and file.tell() > most_bytes:
                return Encoding(found.codec, found.mark_bytes, is_guessed=True)
        checker.end()
    except BrokenFile as broken:
        return Encoding(_guess(last + file.read(CHUNK_BYTES), broken), is_guessed=True)
    return found


def _endless(codec: str, mark: bytes) -> str:
    """The codec with the order of its bytes, which is the mark's where only that says it."""
    if codec in ("utf-16", "utf-32"):
        return next((name for each, name in _MARKS.items() if each == mark), f"{codec}-le")
    return UTF_8 if codec == "utf-8-sig" else codec


def _wide_encoding(head: bytes) -> str:
    """The encoding of several bytes a character, by where its NULs are; blank for none."""
    shares = _nul_shares(head, 4)
    if shares[0] == shares[1] == 1 > shares[3]:
        return "utf-32-be"
    if shares[2] == shares[3] == 1 > shares[0]:
        return "utf-32-le"
    first, last = _nul_shares(head, 2)
    if min(first, last) == 0 and max(first, last) >= _MANY:
        return "utf-16-be" if first else "utf-16-le"
    return ""


def _nul_shares(head: bytes, width: int) -> list[float]:
    """Of the first, second, ... bytes of all characters, how many are NUL."""
    length = min(len(head), _LOOKED_AT) // width
    sample = head[: length * width]
    return [sample[place::width].count(0) / max(length, 1) for place in range(width)]


def _guess(text: bytes, broken: BrokenFile) -> str:
    """The best guess for a text that is not UTF-8; raise `broken` where it is UTF-8 that was damaged."""
    lines = b"\n".join(line for line in re.split(rb"[\r\n]+", text) if not line.isascii())[:_GUESSED_FROM]
    if b"\0" in text or _is_damaged_utf_8(lines):
        raise broken
    from charset_normalizer import from_bytes  # noqa: PLC0415 - it takes 50 ms to load, and few files need it

    others = sum(byte > 0x7F for byte in lines)
    is_latin = others <= max(sum(chr(byte).isalpha() for byte in lines if byte < 0x80), _FEW)
    common = _decoded(lines, _COMMON)
    if is_latin and common and not _SYMBOL_IN_WORD.search(common):
        return _COMMON
    best = from_bytes(lines, cp_isolation=list(_GUESSED)).best()
    return best.encoding if best else _COMMON if common else "latin-1"


def _is_damaged_utf_8(lines: bytes) -> bool:
    """Return whether most characters beyond ASCII are UTF-8, or all but the last one, which is cut off."""
    shown = lines.decode(UTF_8, "replace")
    broken = shown.count("\ufffd")
    whole = sum(character > "\x7f" for character in shown) - broken
    is_cut_off = broken == 1 and shown.endswith("\ufffd") and 0xC2 <= lines[-1] < 0xF5
    return whole >= broken or is_cut_off or b"\xed\xa0" in lines


def _decoded(text: bytes, codec: str) -> str:
    try:
        return text.decode(codec)
    except UnicodeDecodeError:
        return ""


class WrongEncoding(BrokenFile):
    """The file has a byte that is none of its encoding; `what` says so without the mend."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} Name another as read.encoding.")
        self.what = what


def wrong_byte(encoding: Encoding, offset: int, byte: int) -> BrokenFile:
    """Return the error that names the first byte that is not of the encoding."""
    if encoding.is_utf_8:
        return not_utf8(offset, byte)
    return WrongEncoding(f"The file is not in the encoding {encoding.codec}: byte {offset} is 0x{byte:02x}.")
