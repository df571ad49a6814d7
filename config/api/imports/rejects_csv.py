"""Write rejected rows as a CSV file that can be mended and imported again.

Each row says of which file it is; an import reads only its own. The columns `file`, `line`, `reasons` and `raw` are for the
person, the others are the files'.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from config.api.imports.parsing import Reason

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


def rejects_csv(rejects: Iterable[RejectedRow], columns: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the CSV file, its header first, with `;` between fields; `columns` are those of the files."""
    header = list(dict.fromkeys(["file", "line", "reasons", *columns, "raw"]))
    writer = csv.DictWriter(_Echo(), header, delimiter=";", restval="")
    yield writer.writer.writerow(header)
    for reject in rejects:
        reasons = " | ".join(": ".join(filter(None, [r["field"], r["message"]])) for r in reject.reasons)
        values = {"file": reject.file, "line": reject.line, "reasons": reasons, "raw": reject.raw[:MOST_RAW]}
        yield writer.writerow(reject.row | values)
