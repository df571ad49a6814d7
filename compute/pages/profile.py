"""A profile as the job's page shows it: a card for each column."""

import json
from dataclasses import dataclass

from django.utils.safestring import mark_safe

from compute.pages.charts import histogram
from compute.pages.tables import Table


@dataclass(frozen=True)
class ColumnProfile:
    """What a column holds, as text; `top` has values with their counts, `chart` is HTML, blank without numbers."""

    name: str
    type: str
    count: str
    nulls: str
    distinct: str
    least: str | None
    greatest: str | None
    top: list[tuple[str, str]]
    chart: str


def profiles_of(table: Table) -> list[ColumnProfile]:
    """Return the columns of the result of a profile."""
    return [_profile(*row) for row in table.rows]


def _profile(  # noqa: PLR0913, PLR0917 - the columns of the result
    name: str | None,
    type_: str | None,
    count: str | None,
    nulls: str | None,
    distinct: str | None,
    least: str | None,
    greatest: str | None,
    top: str | None,
    parts: str | None,
) -> ColumnProfile:
    values = [(_text(each["value"]), str(each["count"])) for each in json.loads(top or "[]")]
    counts = [int(part["count"]) for part in json.loads(parts or "[]")]
    title = f"Numbers of {name} from {least} to {greatest}, in {len(counts)} parts: {', '.join(map(str, counts))}"
    chart = mark_safe(histogram(title, counts)) if counts else ""  # noqa: S308 - charts.py escapes what comes from outside
    return ColumnProfile(
        name or "", type_ or "", count or "0", nulls or "0", distinct or "0", least, greatest, values, chart
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
