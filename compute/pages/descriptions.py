"""Describe a job in a sentence, and what would mend one that failed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

from compute.files.errors import quoted
from compute.models import Job
from compute.operations.group_by import Aggregation
from compute.operations.where import Comparison
from compute.pages.read_form import THOUSANDS
from compute.reading.options import OnBadRows

KINDS = (pgettext_lazy("column", "number"), pgettext_lazy("column", "text"), pgettext_lazy("column", "no values yet"))
READ = {
    "encoding": pgettext_lazy("read", "encoding"),
    "delimiter": pgettext_lazy("read", "delimiter"),
    "quote": pgettext_lazy("read", "quote"),
    "escape": pgettext_lazy("read", "escape"),
    "header": pgettext_lazy("read", "header"),
    "skip_rows": pgettext_lazy("read", "lines skipped"),
    "comment": pgettext_lazy("read", "comment"),
    "decimal": pgettext_lazy("read", "decimal"),
    "thousands": pgettext_lazy("read", "thousands"),
    "null_values": pgettext_lazy("read", "missing values"),
    "on_bad_rows": pgettext_lazy("read", "bad rows"),
    "record": pgettext_lazy("read", "records"),
    "sheet": pgettext_lazy("read", "sheet"),
}
BAD_ROWS = {
    OnBadRows.ERROR: pgettext_lazy("bad rows", "rejected"),
    OnBadRows.SKIP: pgettext_lazy("bad rows", "skipped"),
    OnBadRows.PAD: pgettext_lazy("bad rows", "padded"),
}
TYPES = (  # of a profile
    pgettext_lazy("profile", "text"),
    pgettext_lazy("profile", "integer"),
    pgettext_lazy("profile", "number"),
    pgettext_lazy("profile", "boolean"),
    pgettext_lazy("profile", "date"),
    pgettext_lazy("profile", "time"),
    pgettext_lazy("profile", "timestamp"),
    pgettext_lazy("profile", "uuid"),
    pgettext_lazy("profile", "binary"),
    pgettext_lazy("profile", "float"),
    pgettext_lazy("profile", "decimal"),
    pgettext_lazy("profile", "nested"),
    pgettext_lazy("profile", "json"),
)
FIGURES: dict[str, StrPromise] = {  # percentiles, such as p95, are said as they are
    Aggregation.COUNT: pgettext_lazy("figure", "count"),
    Aggregation.SUM: pgettext_lazy("figure", "sum"),
    Aggregation.MEAN: pgettext_lazy("figure", "mean"),
    Aggregation.MIN: pgettext_lazy("figure", "minimum"),
    Aggregation.MAX: pgettext_lazy("figure", "maximum"),
    Aggregation.MEDIAN: pgettext_lazy("figure", "median"),
    Aggregation.STD: pgettext_lazy("figure", "standard deviation"),
    Aggregation.VAR: pgettext_lazy("figure", "variance"),
    Aggregation.N_UNIQUE: pgettext_lazy("figure", "distinct values"),
    Aggregation.FIRST: pgettext_lazy("figure", "first value"),
    Aggregation.LAST: pgettext_lazy("figure", "last value"),
}


def read_words(read: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Return what is said of how a file was read: each member's name, its name in words, and its value."""
    return [
        (name, str(READ.get(name, name)), BAD_ROWS.get(value, value) if name == "on_bad_rows" else value)
        for name, value in read.items()
        if name != "types"
    ]


def figure_words(name: str) -> str:
    """Return an aggregation in words."""
    return str(FIGURES.get(name, name))


def described(job: Job) -> str:
    """Return what a job was asked."""
    conditions = [_condition(each) for each in job.parameters.get("where", [])]
    if not conditions:
        return _operation(job)
    return _("%(operation)s, where %(conditions)s") % {
        "operation": _operation(job),
        "conditions": _(" and ").join(conditions),
    }


def _condition(asked: Mapping[str, Any]) -> str:
    column, value = asked["column"], asked.get("value", True)
    if asked["op"] == Comparison.IS_NULL:
        return (_("%(column)s is missing") if value else _("%(column)s is not missing")) % {"column": column}
    values = ", ".join(map(str, value)) if isinstance(value, list) else value
    return f"{column} {asked['op']} {values}"


def _operation(job: Job) -> str:
    asked = job.parameters
    match job.operation:
        case Job.Operation.GROUP_BY:
            measures = [
                _("%(figure)s of %(column)s") % {"figure": figure_words(name), "column": column}
                for column, names in asked["aggregations"].items()
                for name in names or ["count"]
            ]
            figures = ", ".join(measures) or _("count of rows")
            if not asked["by"]:
                return figures
            return _("%(measures)s, by %(columns)s") % {"measures": figures, "columns": ", ".join(asked["by"])}
        case Job.Operation.NON_NULL:
            if not asked["columns"]:
                return _("rows")
            return _("rows with a value in %(columns)s") % {"columns": ", ".join(asked["columns"])}
        case Job.Operation.PROFILE:
            return _("profile of %(columns)s") % {"columns": ", ".join(asked["columns"]) or _("all columns")}
    told = {"columns": ", ".join(asked["columns"]), "by": ", ".join(asked["by"])}
    return (_("statistics of %(columns)s, by %(by)s") if asked["by"] else _("statistics of %(columns)s")) % told


def mending(read: Mapping[str, Any]) -> str:
    """Return what reading a file so would do, for a button; blank where nothing is said."""
    if "null_values" in read:
        return _("Treat %(values)s as missing") % {"values": ", ".join(map(quoted, read["null_values"]))}
    if "on_bad_rows" in read:
        return _("Leave out the rows that do not fit")
    if "decimal" not in read:
        return ""
    said = _("Read decimal commas") if read["decimal"] == "," else _("Read decimal points")
    between = THOUSANDS.get(read.get("thousands", ""), "")
    return said + (_(", with a %(mark)s as thousands separator") % {"mark": between} if between else "")


def mended_read(failed: Job) -> dict[str, Any]:
    """Return `read` of a failed job with what may mend it."""
    before, mend = failed.parameters.get("read", {}), failed.mending_read or {}
    if "null_values" in mend:
        mend = mend | {"null_values": [*before.get("null_values", []), *mend["null_values"]]}
    return {**before, **mend}


def describe_job(jobs: Iterable[Job]) -> list[tuple[Job, str]]:
    """Return jobs, each with what it was asked."""
    return [(job, described(job)) for job in jobs]
