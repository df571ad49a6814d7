"""Recognize a file by its first bytes when its name or the request says otherwise."""

import codecs
import re

from compute.files.errors import BrokenFile

_GZIP = re.compile(rb"\x1f\x8b\x08")
_SIGNATURES = (
    (re.compile(rb"BZh[1-9]1AY&SY"), "is packed with bzip2. Unpack it with bunzip2; of packed files only gzip is read."),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "is packed with Zstandard. Unpack it with unzstd; of packed files only gzip is read."),
    (re.compile(rb"\xfd7zXZ\0"), "is packed with xz. Unpack it with unxz; of packed files only gzip is read."),
    (re.compile(rb"PK\x03\x04.{0,2000}(\[Content_Types\]|xl/)", re.DOTALL), 'is an Excel workbook. Save it as "CSV UTF-8".'),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 'is an old Excel workbook. Save it as "CSV UTF-8".'),
    (re.compile(rb"PK(\x03\x04|\x05\x06)"), "is a ZIP archive. Unpack it, and send the file that is in it."),
)  # fmt: skip
_PARQUET = re.compile(rb"PAR1[\0-\x08\x0e-\x1f]")  # no text goes on like this
_ENCRYPTED_PARQUET = re.compile(rb"PARE")
_MARKS = (  # the longer ones first
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_LOOKED_AT = 1024  # a multiple of four
_MANY = 0.6  # of the characters that have a NUL in them where a text is in UTF-16


def check_signature(head: bytes, expected: str, *, gzipped: bool) -> None:
    """Raise BrokenFile where a file that begins with `head` is no file of the format `expected`, saying what it is.

    XML may be in any encoding.
    """
    if found := _other_file(head, expected, gzipped=gzipped):
        raise BrokenFile(f"The file {found}")
    if expected != "xml" and (encoding := _wide_encoding(head)):
        raise BrokenFile(
            f"The file is text in {encoding}. Convert it to UTF-8: iconv -f {encoding} -t UTF-8, or save it as UTF-8."
        )
    if expected == "parquet" and not head.startswith(b"PAR1"):
        raise _no_parquet(head)


def _other_file(head: bytes, expected: str, *, gzipped: bool) -> str:
    if _GZIP.match(head):
        return _packed(expected, gzipped=gzipped)
    if _PARQUET.match(head) and expected != "parquet":
        return 'is a Parquet file. Send "input_format": "parquet", or give it a name that ends with .parquet.'
    if _ENCRYPTED_PARQUET.match(head) and expected == "parquet":
        return "is an encrypted Parquet file. Write it without encryption."
    return next((sentence for signature, sentence in _SIGNATURES if signature.match(head)), "")


def _packed(expected: str, *, gzipped: bool) -> str:
    if gzipped:
        return "is packed with gzip twice. Unpack it once with gunzip."
    if expected == "parquet":
        return "is packed with gzip. Unpack it with gunzip; Parquet is compressed inside."
    return f"is packed with gzip. Give it a name that ends with .{expected}.gz."


def _wide_encoding(head: bytes) -> str:
    """The encoding of several bytes a character that a text is in, by its mark or by where its NULs are; "" for none."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    shares = _nul_shares(head, 4)
    if shares[0] == shares[1] == 1 > shares[3]:
        return "UTF-32BE"
    if shares[2] == shares[3] == 1 > shares[0]:
        return "UTF-32LE"
    first, last = _nul_shares(head, 2)
    if min(first, last) == 0 and max(first, last) >= _MANY:
        return "UTF-16BE" if first else "UTF-16LE"
    return ""


def _nul_shares(head: bytes, width: int) -> list[float]:
    """Of the first, second, ... bytes of all characters, how many are NUL."""
    length = min(len(head), _LOOKED_AT) // width
    sample = head[: length * width]
    return [sample[place::width].count(0) / max(length, 1) for place in range(width)]


def _no_parquet(head: bytes) -> BrokenFile:
    text = head[:_LOOKED_AT].decode("utf-8-sig", "replace").lstrip()
    if "\0" in text or "\ufffd" in text[:-1]:
        return BrokenFile("The file cannot be read: it is not a whole Parquet file.")
    format_ = {"<": "xml", "[": "json", "{": "json"}.get(text[:1], "csv")
    return BrokenFile(f'The file is text, not Parquet. If it is {format_.upper()}, send "input_format": "{format_}".')
