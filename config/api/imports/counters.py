"""What imports count."""

from collections.abc import Mapping

from config.core.counters import Counter

IMPORT_ROWS = Counter(
    "apron_import_rows_total", "Rows of imported files by what became of them, without dry runs", ["file", "outcome"]
)


def count_rows(file: str, counts: Mapping[str, int]) -> None:
    """Count what became of a file's rows."""
    for outcome, rows in counts.items():
        if outcome != "read":  # the sum of the others
            IMPORT_ROWS.inc(file, outcome, amount=rows)
