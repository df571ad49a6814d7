"""Describe a job in a sentence, and what would mend one that failed."""

from collections.abc import Iterable, Mapping
from typing import Any

from compute.files.errors import quoted
from compute.models import Job
from compute.operations.where import Comparison
from compute.pages.read_form import THOUSANDS


def described(job: Job) -> str:
    """Return what a job was asked."""
    conditions = [_condition(each) for each in job.parameters.get("where", [])]
    return _operation(job) + (f", where {' and '.join(conditions)}" if conditions else "")


def _condition(asked: Mapping[str, Any]) -> str:
    column, value = asked["column"], asked.get("value", True)
    if asked["op"] == Comparison.IS_NULL:
        return f"{column} is {'missing' if value else 'not missing'}"
    values = ", ".join(map(str, value)) if isinstance(value, list) else value
    return f"{column} {asked['op']} {values}"


def _operation(job: Job) -> str:
    asked = job.parameters
    match job.operation:
        case Job.Operation.GROUP_BY:
            measures = [
                f"{name} of {column}" for column, names in asked["aggregations"].items() for name in names or ["count"]
            ]
            return f"{', '.join(measures) or 'count of rows'}, by {', '.join(asked['by'])}"
        case Job.Operation.NON_NULL:
            return f"rows with a value in {', '.join(asked['columns'])}" if asked["columns"] else "rows"
        case Job.Operation.PROFILE:
            return f"profile of {', '.join(asked['columns']) or 'all columns'}"
    return f"statistics of {', '.join(asked['columns'])}" + (f", by {', '.join(asked['by'])}" if asked["by"] else "")


def mending(read: Mapping[str, Any]) -> str:
    """Return what reading a file so would do, for a button; blank where nothing is said."""
    if "null_values" in read:
        return f"Take {', '.join(map(quoted, read['null_values']))} for missing"
    if "decimal" not in read:
        return ""
    mark = "decimal commas" if read["decimal"] == "," else "decimal points"
    between = THOUSANDS.get(read.get("thousands", ""), "")
    return f"Read {mark}" + (f", with a {between} between thousands" if between else "")


def mended_read(failed: Job) -> dict[str, Any]:
    """Return `read` of a failed job with what may mend it."""
    before, mend = failed.parameters.get("read", {}), failed.mending_read or {}
    if "null_values" in mend:
        mend = mend | {"null_values": [*before.get("null_values", []), *mend["null_values"]]}
    return {**before, **mend}


def describe_job(jobs: Iterable[Job]) -> list[tuple[Job, str]]:
    """Return jobs, each with what it was asked."""
    return [(job, described(job)) for job in jobs]
