"""Write a sheet of a workbook as CSV: `python -m compute.reading.sheet_copy WORKBOOK COPY COLUMN...`, a process of its own.

A workbook is read in memory, and one with a single cell far out needs terabytes: that ends this process and no other. It
prints the sheet's name and exits with 0, or says what is wrong and exits with 2. Free of Django.
"""

import csv
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from compute.files.errors import BrokenFile
from compute.reading.encodings import UTF_8
from compute.reading.workbooks import Sheet, sheets

PROJECT = Path(__file__).resolve().parents[2]
MOST_MEMORY = 1024**3
MOST_SECONDS = 300.0
REFUSED = 2
DELIMITER = ";"


def copy_sheet(workbook: Path, copy: Path, wanted: Sequence[str]) -> str:
    """Write the first sheet that has the `wanted` columns, else the first one, and return its name; raise BrokenFile."""
    command = [sys.executable, "-m", "compute.reading.sheet_copy", str(workbook), str(copy), *wanted]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)  # noqa: S603 - our own command
    except subprocess.TimeoutExpired as error:
        raise BrokenFile(
            f"The workbook takes more than {MOST_SECONDS:g} seconds to read. Save its sheets as CSV."
        ) from error
    if done.returncode == REFUSED:
        raise BrokenFile(done.stdout)
    if done.returncode:
        raise BrokenFile(
            f"The workbook needs more than {MOST_MEMORY // 1024**2} MB of memory to read. Save its sheets as CSV."
        )
    return done.stdout


def _copied(workbook: Path, copy: Path, wanted: Sequence[str]) -> str:
    tables = [_Table(sheet) for sheet in sheets(workbook)]
    if not tables:
        raise BrokenFile("The workbook has no sheet.")
    table = next((each for each in tables if each.has(wanted)), tables[0])
    table.write(copy)
    return table.sheet.name


class _Table:
    """A sheet from its header on, which is its first row that is not blank."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self._blank_rows, self._header = sheet, 0, list[str]()
        for row in sheet.rows:
            if any(row):
                self._header = row
                break
            self._blank_rows += 1

    def has(self, wanted: Sequence[str]) -> bool:
        return set(wanted) <= {name.strip().lower() for name in self._header}

    def write(self, copy: Path) -> None:
        """Each row is a line, so that a reject is found in the sheet by its line: a line break in a cell becomes a space."""
        with copy.open("w", encoding=UTF_8, newline="") as file:
            file.write("\n" * self._blank_rows)
            writer = csv.writer(file, delimiter=DELIMITER, lineterminator="\n")
            writer.writerow(map(_on_a_line, self._header))
            writer.writerows(map(_on_a_line, row) for row in self.sheet.rows)


def _on_a_line(cell: str) -> str:
    return " ".join(cell.splitlines()) if "\n" in cell or "\r" in cell else cell


def _main() -> int:
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    workbook, copy, *wanted = sys.argv[1:]
    try:
        sys.stdout.write(_copied(Path(workbook), Path(copy), wanted))
    except BrokenFile as error:
        sys.stdout.write(error.detail)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_main())
