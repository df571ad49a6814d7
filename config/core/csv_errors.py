"""Explain in plain sentences what is wrong with a CSV that Python's csv module refuses."""

import csv

MOST_LINES = (
    100  # of a record, where reading is bounded: else each bad quote would have the rest of a file read in vain
)
_REASONS = {  # by a part of the message, which is all that csv tells
    "unexpected end of data": "unexpected end of data inside a quoted cell; close the quote",
    "expected after": "there is text behind a closing quote; write a quote inside a quoted cell twice",
    "too many lines": "a quoted cell does not end within {lines} lines; close the quote",
    "field larger": "a cell is longer than {limit} bytes",
    "NUL": "it holds a NUL character (U+0000); remove it",
    "new-line character": "its line ends are mixed; use one kind",
}


def csv_reason(error: csv.Error) -> str:
    """Return what is wrong with a CSV, as a part of a sentence."""
    found = (reason for part, reason in _REASONS.items() if part in str(error))
    reason = next(found, "its quotes or delimiters are not as RFC 4180 has them")
    return reason.format(limit=csv.field_size_limit(), lines=MOST_LINES)
