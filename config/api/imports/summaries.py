"""What an import did, as commands print it."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

COUNTS = ("read", "inserted", "updated", "unchanged", "rejected", "skipped")


def print_summary(console: Console, run: Any, files: Sequence[str]) -> None:
    """Print what became of the rows of each file, and how a file was read that is not UTF-8."""
    title = f"Import {run.pk}: {run.get_status_display()}" + (" (dry run, nothing changed)" if run.dry_run else "")
    table = Table(title=title)
    for heading in ("file", *COUNTS):
        table.add_column(heading, justify="left" if heading == "file" else "right")
    for name in files:
        counts = getattr(run, name) or {}
        table.add_row(name, *[f"{counts[count]:,}" for count in COUNTS])
    console.print(table)
    if set((run.read_as or {}).values()) != {"utf-8"}:
        console.print(", ".join(f"{file} read as {how}" for file, how in (run.read_as or {}).items()))
