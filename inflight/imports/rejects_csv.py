"""Write rejected rows as a CSV file that can be mended and imported again.

Each row says of which file it is; an import reads only its own. The columns `file`, `line`, `reasons` and `raw` are for the
person, the others are the files'.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import Protocol

from inflight.imports.parsing import CUSTOMER_ROW, PURCHASE_ROW, Reason

COLUMNS = list(dict.fromkeys(["file", "line", "reasons", *PURCHASE_ROW.names, *CUSTOMER_ROW.names, "raw"]))

MOST_RAW = 10_000  # characters; a longer cell could not be imported again


class RejectedRow(Protocol):
    """The fields of a reject that the file needs."""

    file: str
    line: int
    reasons: list[Reason]
    raw: str
    row: dict[str, str]


class _Echo:
    """A file whose write returns what is written: csv.writer as an iterator."""

    def write(self, text: str) -> str:
        return text


def rejects_csv(rejects: Iterable[RejectedRow]) -> Iterator[str]:
    """Yield the lines of the CSV file, its header first, with `;` between fields."""
    writer = csv.DictWriter(_Echo(), COLUMNS, delimiter=";", restval="")
    yield writer.writer.writerow(COLUMNS)
    for reject in rejects:
        reasons = " | ".join(": ".join(filter(None, [r["field"], r["message"]])) for r in reject.reasons)
        values = {"file": reject.file, "line": reject.line, "reasons": reasons, "raw": reject.raw[:MOST_RAW]}
        yield writer.writerow(reject.row | values)
