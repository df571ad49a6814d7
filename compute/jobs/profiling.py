"""Put a profile together: for each column a summary, its most frequent values, and a histogram of its numbers."""

import json
import math
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from compute.files.formats import Format
from compute.files.notation import PLAIN, Notation, number_of
from compute.files.twins import own_name
from compute.jobs.orders import JobResult, JobSpec
from compute.operations.base import Operation
from compute.operations.cell_types import Family, Reading
from compute.operations.preview import Preview
from compute.operations.profile import BINS, Histogram, Profile, Summary, TopValues
from compute.reading.preparation import Prepared

Compute = Callable[[JobSpec, Operation, Prepared], JobResult]
NUMERIC = (
    Reading.INTEGER,
    Reading.NUMBER,
    Family.FLOAT,
    Family.DECIMAL,
)  # what JobResult.read_as calls columns of numbers


def profile(spec: JobSpec, operation: Profile, found: Prepared, compute: Compute) -> JobResult:
    """Return the result: a row for each column. `found` has the rows, in a file whose columns are read fast."""
    columns = operation.columns or found.source.columns
    step = _with_types(spec, set(map(own_name, found.source.columns)))
    types: dict[str, str] = {}
    rows = []
    for column in columns:
        rows.append(_row(step, column, found, compute))
        types[own_name(column)] = rows[-1]["type"]
    path = Path(spec.scratch) / "profile.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = replace(found.source, path=path, format=Format.JSONL, columns=tuple(rows[0]), by_lines=True, url="")
    result = compute(_with_types(spec, set()), Preview(len(rows)), replace(found, source=source))
    return replace(result, read_as=types)


def _with_types(spec: JobSpec, columns: Set[str]) -> JobSpec:
    """Return the order with `read.types` of no other columns than these: a step has only some, the result none."""
    read = spec.parameters.get("read", {})
    types = {column: type_ for column, type_ in read.get("types", {}).items() if column in columns}
    return replace(spec, parameters=spec.parameters | {"read": read | {"types": types}})


def _row(spec: JobSpec, column: str, found: Prepared, compute: Compute) -> dict[str, Any]:
    def rows_of(step: Operation) -> tuple[list[dict[str, Any]], JobResult]:
        result = compute(replace(spec, output_format=Format.JSON, result_stem="step"), step, found)
        return json.loads((Path(spec.scratch) / result.result_name).read_text("utf-8")), result

    ((summary,), result) = rows_of(Summary(column))
    top, _ = rows_of(TopValues(column))
    row = {"column": own_name(column), "type": result.read_as[column], "min": None, "max": None, **summary, "top": top}
    return {name: row[name] for name in ("column", "type", "count", "nulls", "distinct", "min", "max", "top")} | {
        "histogram": _histogram(column, row, found.source.notation, lambda step: rows_of(step)[0])
    }


def _histogram(
    column: str, row: dict[str, Any], notation: Notation, rows_of: Callable[[Operation], Sequence[dict[str, Any]]]
) -> list[dict[str, Any]] | None:
    """Return the parts between the least and the greatest number; None where the column has no numbers, or infinite ones."""
    if row["type"] not in NUMERIC:
        return None
    written = PLAIN if row["type"] in (Family.FLOAT, Family.DECIMAL) else notation
    least, greatest = (number_of(row[end], written) for end in ("min", "max"))
    if least is None or greatest is None or not math.isfinite(greatest - least):
        return None
    step = Histogram(column, least, greatest)
    counts = {part["bin"]: part["count"] for part in rows_of(step)}
    parts = BINS if step.width else 1
    edges = [least, *(_rounded(least + part * step.width) for part in range(1, parts)), greatest]
    return [{"from": edges[part], "to": edges[part + 1], "count": counts.get(part, 0)} for part in range(parts)]


def _rounded(edge: float) -> float:
    """Twelve digits of an edge: more would show how a computer adds."""
    return float(f"{edge:.12g}")
