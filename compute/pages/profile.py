"""A profile as the job's page shows it: a card for each column."""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from compute.pages.charts import histogram
from compute.pages.tables import Table


@dataclass(frozen=True)
class ColumnProfile:
    """What a column holds, as text; `top` has values with their counts, `chart` is a histogram, if there are numbers."""

    name: str
    type: str
    count: str
    nulls: str
    distinct: str
    least: str | None
    greatest: str | None
    top: list[tuple[str, str]]
    chart: dict[str, Any] | None


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
    counted = json.loads(parts or "[]")
    title = gettext("Numbers of %(column)s from %(least)s to %(greatest)s, in %(count)s bins: %(counts)s") % {
        "column": name,
        "least": least,
        "greatest": greatest,
        "count": len(counted),
        "counts": ", ".join(str(part["count"]) for part in counted),
    }
    chart = histogram(title, counted) if counted else None
    return ColumnProfile(
        name or "", type_ or "", count or "0", nulls or "0", distinct or "0", least, greatest, values, chart
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
