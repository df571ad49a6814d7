"""The errors of Python's parsers as plain sentences: what is wrong, where, and the mend.

No text of a library's own reaches a user.
"""

from xml.parsers import expat
from xml.parsers.expat import errors

from compute.files.errors import BrokenFile

_XML = {
    errors.XML_ERROR_SYNTAX: "there is something before the root element; remove it",
    errors.XML_ERROR_NO_ELEMENTS: "the file ends before its root element does; it may be cut off",
    errors.XML_ERROR_INVALID_TOKEN: "a character is not allowed here; write < as &lt; and & as &amp;",
    errors.XML_ERROR_UNCLOSED_TOKEN: "the file ends inside a tag, a comment or a reference; it may be cut off",
    errors.XML_ERROR_PARTIAL_CHAR: "the file ends inside a character; it may be cut off",
    errors.XML_ERROR_UNCLOSED_CDATA_SECTION: "a CDATA section has no end; write ]]> behind it",
    errors.XML_ERROR_TAG_MISMATCH: "an end tag does not match its start tag; close elements in the reverse order",
    errors.XML_ERROR_DUPLICATE_ATTRIBUTE: "an attribute is there twice; remove one",
    errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT: "there is something behind the root element; put all records into one root",
    errors.XML_ERROR_UNDEFINED_ENTITY: "an entity is not defined; XML knows &lt; &gt; &amp; &apos; &quot; only",
    errors.XML_ERROR_BAD_CHAR_REF: "a reference names a character that XML does not allow; remove it",
    errors.XML_ERROR_MISPLACED_XML_PI: "the XML declaration is not the first thing in the file; remove what is before it",
    errors.XML_ERROR_XML_DECL: 'the XML declaration is not valid; write <?xml version="1.0" encoding="UTF-8"?>',
}

_PACKERS = {"gzip": "gzip", "bzip2": "bzip2", "xz": "xz", "Zstandard": "zstd", "zip": "zip"}


def broken_xml(error: expat.ExpatError) -> BrokenFile:
    """Return the error that says where a document is not well-formed, and why; raise MemoryError where it was that."""
    message = errors.messages.get(error.code, "")
    if message == errors.XML_ERROR_NO_MEMORY:
        raise MemoryError
    reason = _XML.get(message, "it does not keep to the rules of XML; look at it with xmllint")
    return BrokenFile(f"The file is not well-formed XML: line {error.lineno}, column {error.offset + 1}: {reason}.")


def broken_packing(how: str, error: Exception) -> BrokenFile:
    """Return the error that says why a compressed file cannot be decompressed."""
    text = str(error)
    if isinstance(error, EOFError) or "ended before" in text or "truncated" in text.lower():
        reason = "it is cut off; upload it again"
    elif "Not a gzipped file" in text:
        reason = "it is not gzip all through; compress it again"
    elif "CRC" in text or "length" in text:
        reason = "its checksum (CRC) or length is wrong; compress it again"
    else:
        reason = f"it is damaged, or its compression is not supported; compress it again with {_PACKERS[how]}"
    return BrokenFile(f"The file cannot be decompressed: {reason}.")
