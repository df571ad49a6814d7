"""Import rejected rows again after a person mended their cells: a run of its own, which names the run that rejected them."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from config.api.imports.folders import scratch_folder
from config.api.imports.loading import FileSpec, Load, visible
from config.api.imports.models import ImportRejectBase, ImportRunBase
from config.api.problems import Problem
from config.core.json import dumps

DELIMITER = ";"  # then a price may have a decimal comma, as in most of the files that come


class RejectsChanged(Problem):
    """Somebody mended, imported or erased some of the rows since they were shown."""

    status = HTTPStatus.CONFLICT
    code = "rejects_changed"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Nothing was imported: some of these rows have been corrected or erased since you opened the page. Reload it."
            )
        )


@dataclass(frozen=True)
class MendedRow:
    """A rejected row with its cells as they shall be imported, by column; `version`: of the reject as the person saw it."""

    reject_id: int
    version: str
    file: str
    line: int
    cells: Mapping[str, str]


def version_of(reject: ImportRejectBase) -> str:
    """Return what changes whenever a reject does."""
    return hashlib.blake2b(dumps([reject.raw, reject.row, reject.reasons]), digest_size=12).hexdigest()


@dataclass(frozen=True)
class Mending:
    """Mended rows of a run, written as files to import.

    `paths` are those files, by the field of a run; `lines` has, by the name of a file, for each line of it the line that the
    row had in the file it comes from: people are told that one.
    """

    run: Any  # an ImportRunBase
    rows: Sequence[MendedRow]
    paths: Mapping[str, str]
    lines: Mapping[str, Mapping[int, int]]

    def tell_lines(self, loads: Iterable[Load]) -> None:
        """Have the rejects of these files tell the lines of the files that the rows come from."""
        for load in loads:
            load.lines = self.lines[load.spec.name]

    def check(self) -> None:
        """Raise RejectsChanged unless all rows are still as the person saw them; call it holding the lock of imports."""
        found = {reject.pk: version_of(reject) for reject in self._rejects()}
        if any(found.get(row.reject_id) != row.version for row in self.rows):
            raise RejectsChanged

    def settle(self, new: ImportRunBase) -> None:
        """Drop the rejects that `new` has imported, and keep what is still wrong as it stands now, with its reasons.

        It belongs into the transaction of the import: after it, a row is either stored or a reject, never both.
        """
        rejected: Iterable[Any] = new.rejects.all()  # type: ignore[attr-defined]
        again = {(reject.file, reject.line): reject for reject in rejected}
        kept, done = [], []
        for reject in self._rejects():
            if left := again.get((reject.file, reject.line)):
                reject.raw, reject.row, reject.reasons = left.raw, left.row, left.reasons
                kept.append(reject)
            else:
                done.append(reject.pk)
        self.run.rejects.model.objects.bulk_update(kept, ["raw", "row", "reasons"])
        self.run.rejects.filter(pk__in=done).delete()

    def _rejects(self) -> list[Any]:
        return list(self.run.rejects.filter(pk__in=[row.reject_id for row in self.rows]).order_by("pk"))


@contextmanager
def written(run: ImportRunBase, rows: Sequence[MendedRow], files: Mapping[str, FileSpec]) -> Iterator[Mending]:
    """Write mended rows as files, which are gone at the end of the block: the run that imports them keeps what it refuses."""
    with scratch_folder(f"mended-{uuid4().hex}") as folder:
        paths, lines = {}, {}
        for field, spec in files.items():
            path = folder / f"{spec.name}.csv"
            paths[field], lines[spec.name] = str(path), _write(path, spec, [r for r in rows if r.file == spec.name])
        yield Mending(run, rows, paths, lines)


def _write(path: Path, spec: FileSpec, rows: Sequence[MendedRow]) -> dict[int, int]:
    """Write a file, and return by its lines those of the rows."""
    names, lines = spec.row_format.names, {}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_record(names))
        next_line = 2
        for row in rows:
            record = _record([visible(row.cells[name]) for name in names])
            file.write(record)
            lines[next_line] = row.line
            next_line += len(StringIO(record, newline="").readlines())
    return lines


def _record(cells: Sequence[str]) -> str:
    text = StringIO(newline="")
    csv.writer(text, delimiter=DELIMITER).writerow(cells)
    return text.getvalue()
