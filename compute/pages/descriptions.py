"""Describe a job in a sentence, and what would mend one that failed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from compute.files.errors import quoted
from compute.models import Job
from compute.operations.where import Comparison
from compute.pages.read_form import THOUSANDS

KINDS = (pgettext_lazy("column", "number"), pgettext_lazy("column", "text"), pgettext_lazy("column", "no values yet"))
READ = (
    pgettext_lazy("read", "encoding"),
    pgettext_lazy("read", "delimiter"),
    pgettext_lazy("read", "quote"),
    pgettext_lazy("read", "escape"),
    pgettext_lazy("read", "header"),
    pgettext_lazy("read", "skip_rows"),
    pgettext_lazy("read", "comment"),
    pgettext_lazy("read", "decimal"),
    pgettext_lazy("read", "thousands"),
    pgettext_lazy("read", "null_values"),
    pgettext_lazy("read", "on_bad_rows"),
    pgettext_lazy("read", "record"),
    pgettext_lazy("read", "sheet"),
    pgettext_lazy("read", "types"),
)
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
FIGURES = (
    pgettext_lazy("figure", "count"),
    pgettext_lazy("figure", "sum"),
    pgettext_lazy("figure", "mean"),
    pgettext_lazy("figure", "min"),
    pgettext_lazy("figure", "max"),
    pgettext_lazy("figure", "median"),
    pgettext_lazy("figure", "std"),
    pgettext_lazy("figure", "n_unique"),
)


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
                _("%(figure)s of %(column)s") % {"figure": pgettext("figure", name), "column": column}
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
