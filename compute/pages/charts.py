"""Results as data for static/apron/charts/chart.js, which offers the charts that their columns allow. Free of Django."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from compute.pages.tables import Column, ColumnKind, Table

DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


def table_chart(table: Table, keys: Collection[str], *, rows: int) -> dict[str, Any]:
    """Return the first rows of a table for a chart; they are grouped by the columns `keys`."""
    return {
        "table": {
            "columns": [
                {"name": column.name, "kind": _kind(column, [row[place] for row in table.rows[:rows]])}
                | ({"key": True} if column.name in keys else {})
                for place, column in enumerate(table.columns)
            ],
            "rows": table.rows[:rows],
        }
    }


def histogram(title: str, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a small histogram of parts that are counted already: {from, to, count} each."""
    return {
        "kind": "histogram",
        "size": "small",
        "title": title,
        "x": {"type": "number"},
        "y": {},
        "parts": [[float(part["from"]), float(part["to"]), part["count"]] for part in parts],
    }


def _kind(column: Column, cells: Sequence[str | None]) -> str:
    there = [cell for cell in cells if cell is not None]
    if there and all(DATE.fullmatch(cell) for cell in there):
        return "date"
    return "number" if column.kind == ColumnKind.NUMBER else "text"
