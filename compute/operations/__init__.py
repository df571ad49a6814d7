"""Operations by name: group_by, non_null, stats, profile and, to look at a file, preview and profile_sample."""

from collections.abc import Mapping
from typing import Any

from compute.operations.arrangement import Arrangement
from compute.operations.base import Operation
from compute.operations.group_by import Aggregation, GroupBy
from compute.operations.preview import Preview
from compute.operations.profile import Profile
from compute.operations.stats import Stats
from compute.operations.where import Condition
from compute.operations.whole_rows import NonNull


def operation_of(name: str, parameters: Mapping[str, Any]) -> Operation:
    """Return the operation called `name` with the parameters that its input serializer let through."""
    arrangement = Arrangement.of(parameters)
    match name:
        case "group_by":
            asked = {
                column: [Aggregation(each) for each in names] or [Aggregation.COUNT]
                for column, names in parameters["aggregations"].items()
            }
            return GroupBy(parameters["by"], asked, arrangement)
        case "non_null":
            return NonNull(parameters["columns"], arrangement)
        case "stats":
            return Stats(parameters["columns"], parameters["by"], arrangement)
        case "profile":
            return Profile(columns=parameters["columns"])
        case "profile_sample":
            return Profile(columns=parameters["columns"], rows=parameters["rows"])
        case "preview":
            conditions = [Condition.of(each) for each in parameters.get("where", [])]
            return Preview(parameters["rows"], parameters.get("offset", 0), conditions, arrangement)
    raise ValueError(f"no operation {name!r}")
