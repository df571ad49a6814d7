"""Find invalid JSON that DuckDB accepts: NaN and Infinity, trailing commas, two kinds of white space."""

import re

from compute.files.errors import BrokenFile, quoted

MAX_JSON_RECORD_BYTES = 16 * 1024 * 1024
_BLANKS = b" \t\r\n"
_LOWER = bytes(range(256)).lower()
# In a text without blanks and upper case. Each begins with bytes that are found fast.
_WRONG = (
    re.compile(rb"nan(?<=[:\[,-]nan)(?=[,\]}])"),
    re.compile(rb"inf(?<=[:\[,-]inf)(?:inity)?(?=[,\]}])"),
    re.compile(rb",\]"),
    re.compile(rb",}"),
)
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_LONGEST = len(b"-infinity,")  # what is kept of a chunk, in which something wrong may have begun


class JsonChecker:
    """Check a text chunk by chunk; raise BrokenFile for invalid JSON."""

    def __init__(self) -> None:
        self._rest = self._seen = b""

    def may_be_wrong(self, chunk: bytes) -> bool:
        """Look at the next bytes; return whether something is wrong unless it is in a string, as `feed` finds out."""
        for blank in (b"\x0b", b"\x0c"):
            if blank in chunk:
                raise _broken(blank)
        text = self._seen + chunk.translate(_LOWER, _BLANKS)
        self._seen = text[-_LONGEST:]
        return any(wrong.search(text) for wrong in _WRONG)

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes of the text, but for the strings in it."""
        text, end = self._rest + chunk, 0
        for found in _STRING.finditer(text):
            end = found.end()
        start = text.find(b'"', end)  # of a string that goes on in the next chunk
        cut = start if start >= 0 else len(text)
        outside = self._seen + _STRING.sub(b'"', text[:cut]).translate(_LOWER, _BLANKS)
        self._rest, self._seen = text[cut:], outside[-_LONGEST:]
        for wrong in _WRONG:
            if found_wrong := wrong.search(outside):
                raise _broken(found_wrong[0])
        if len(self._rest) > MAX_JSON_RECORD_BYTES:
            raise BrokenFile(f"The file cannot be read: a string is longer than {MAX_JSON_RECORD_BYTES} bytes.")


def _broken(text: bytes) -> BrokenFile:
    return BrokenFile(f"The file cannot be read: it holds {quoted(text.decode())}, which is no JSON.")
