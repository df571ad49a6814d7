"""Write a table as XML: `<records><record><column>text</column>...`.

Column names that are no XML names are written as SQL/XML writes them (`unit price` is `unit_x0020_price`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

from compute.files.errors import BrokenFile

_NOT_IN_NAME = re.compile(r"[^\w.-]|^[^A-Za-z_]|_(?=x[0-9A-Fa-f]{4,6}_)", re.ASCII)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def written_records(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Iterator[str]:
    """Yield the document's text: `<records><record><column>text</column>...`; null is an empty element."""
    names = [encoded_name(column) for column in columns]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<records>\n'
    for row in rows:
        cells = (
            f"<{name}/>" if value is None else f"<{name}>{_written(value)}</{name}>"
            for name, value in zip(names, row, strict=True)
        )
        yield f"<record>{''.join(cells)}</record>\n"
    yield "</records>\n"


def _written(value: str) -> str:
    if found := _FORBIDDEN.search(value):
        raise BrokenFile(f"XML cannot hold the character U+{ord(found[0]):04X}; ask for another output_format.")
    return escape(value, {"\r": "&#13;"})


def encoded_name(column: str) -> str:
    """Return a column's name as that of an element."""
    return _NOT_IN_NAME.sub(lambda match: f"_x{ord(match[0]):04X}_", column)
