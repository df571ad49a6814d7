"""Decode XML documents in any encoding that Python knows; expat knows only a few."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from compute.files.errors import BrokenFile, quoted
from compute.files.text_check import not_utf8

CHUNK_BYTES = 64 * 1024
_DECLARATION_BYTES = 1024
_MARKS = (  # the longer ones first
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = (  # by where the NULs of the first character are
    (re.compile(rb"[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[^\0]"), "utf-16-be"),
)
_EBCDIC = "<?xm".encode("cp037")
_DECLARED = re.compile(r"""<\?xml\s[^>]*?\bencoding\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_NO_CHARACTER_SETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


class Encoding(NamedTuple):
    """A codec, the length of the byte order mark, and the declared name if that decided."""

    codec: str
    mark_bytes: int = 0
    declared: str = ""


def text_of(file: BinaryIO, asked: str = "") -> Iterator[str]:
    """Yield the document's text in pieces, from the encoding that is asked for or else that the document names.

    Raises BrokenFile for an unknown encoding, and for bytes that are not of it.
    """
    chunk = file.read(CHUNK_BYTES)
    encoding = Encoding(asked) if asked else encoding_of(chunk)
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    offset, chunk = encoding.mark_bytes, chunk[encoding.mark_bytes :]
    while True:
        pending = len(decoder.getstate()[0])  # bytes of a character that was cut off
        try:
            yield decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            raise _wrong_byte(encoding, offset - pending + error.start, error.object[error.start]) from error
        if not chunk:
            return
        offset += len(chunk)
        chunk = file.read(CHUNK_BYTES)


def encoding_of(head: bytes) -> Encoding:
    """Return the encoding of a document that begins with `head`: its mark is believed first, the declaration last."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, len(mark))
    for pattern, codec in _WIDE:
        if pattern.match(head):
            return Encoding(codec)
    default = "cp037" if head.startswith(_EBCDIC) else "utf-8"
    found = _DECLARED.match(head[:_DECLARATION_BYTES].decode("latin-1" if default == "utf-8" else default))
    if not found:
        return Encoding(default)
    declared = found[1] or found[2] or ""
    return Encoding(_codec(declared), declared=declared)


def _codec(declared: str) -> str:
    """The codec of an encoding that a document names in a text of one byte a character."""
    try:
        codec = codecs.lookup(declared if _NAME.fullmatch(declared) else "").name
        "".encode(codec)  # which codecs that are none of text do not do
    except (LookupError, ValueError):
        codec = "undefined"
    if codec.replace("_", "-") in _NO_CHARACTER_SETS:
        raise BrokenFile(
            f"The XML declaration names the encoding {quoted(declared)}, which is not known."
            ' Save the file as UTF-8, with encoding="UTF-8" in the declaration.'
        )
    if codec.startswith(("utf-16", "utf-32")):
        raise BrokenFile(
            f"The XML declaration names the encoding {quoted(declared)}, but the file is not in it."
            " Correct the declaration; UTF-8 needs none."
        )
    return codec


def _wrong_byte(encoding: Encoding, offset: int, byte: int) -> BrokenFile:
    if encoding.codec == "utf-8" and not encoding.declared:
        return BrokenFile(f"{not_utf8(offset, byte).detail} Or name that encoding in the XML declaration.")
    if not encoding.declared:
        name = encoding.codec.upper()
        return BrokenFile(f"The file begins in {name}, but byte {offset} is 0x{byte:02x}. Save it as UTF-8.")
    return BrokenFile(
        f"The file is not in the encoding that its XML declaration names, {quoted(encoding.declared)}: byte {offset} is"
        f" 0x{byte:02x}. Correct the declaration, or save the file as UTF-8."
    )
