"""The question of a file's page: which rows, grouped by what, what is computed, in which order and how many."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from django.utils.translation import gettext as _

from compute.api.serializers import FileInput, GroupByInput, NonNullInput, StatsInput
from compute.models import Job
from compute.operations.stats import STATS_OUTPUT
from compute.operations.where import Comparison
from compute.pages.explorer.address import Address
from config.core.json import InvalidJson, TooDeep, loads

DESCRIBE = "describe"  # what `compute` says of columns whose statistics are asked for
INPUTS: dict[str, type[FileInput]] = {
    Job.Operation.GROUP_BY: GroupByInput,
    Job.Operation.NON_NULL: NonNullInput,
    Job.Operation.STATS: StatsInput,
}
TRIPLE = 3


@dataclass(frozen=True)
class Question:
    """What is asked. `conditions` are as in the API's `where`; `measures` are pairs of an aggregation and a column."""

    conditions: Sequence[dict[str, Any]] = ()
    by: Sequence[str] = ()
    measures: Sequence[tuple[str, str]] = ()
    described: Sequence[str] = ()
    sort: Sequence[tuple[str, bool]] = ()  # column of the answer, whether descending
    order: Sequence[tuple[str, bool]] = ()  # the same of the file's rows
    limit: int | None = None
    problems: Sequence[str] = field(default=())

    @classmethod
    def of(cls, address: Address) -> Self:
        """Return what an address asks; what in it cannot be understood is among the problems."""
        pairs = [pair for text in address.all("compute") if (pair := _pair(text))]
        conditions = [_condition(text) for text in address.all("where")]
        return cls(
            conditions=[each for each in conditions if each],
            by=address.all("by"),
            measures=[pair for pair in pairs if pair[0] != DESCRIBE],
            described=[column for name, column in pairs if name == DESCRIBE],
            sort=_orders(address.all("sort")),
            order=_orders(address.all("order")),
            limit=address.number("limit", 0, most=2**31 - 1) or None,
            problems=[] if all(conditions) else [_("A filter in this address is not valid. Remove it.")],
        )

    @property
    def is_of_rows(self) -> bool:
        """Return whether whole rows are asked for: the answer is rows like those of the file."""
        return not (self.by or self.measures or self.described)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is asked: the file itself is the answer."""
        return self.is_of_rows and not (self.conditions or self.limit or self.problems)

    @property
    def operation(self) -> str:
        """The operation that answers it."""
        if self.described:
            return Job.Operation.STATS
        return Job.Operation.NON_NULL if self.is_of_rows else Job.Operation.GROUP_BY

    @property
    def outputs(self) -> list[str]:
        """The columns of the answer; none where they are the file's."""
        if self.is_of_rows:
            return []
        if self.described:
            return [*self.by, *STATS_OUTPUT]
        return [*self.by, *(f"{column}_{name}" for name, column in self.measures)] + (
            [] if self.measures else ["count"]
        )

    def parameters(self, read: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return what the API would make of the question, and what it would say against it."""
        if self.problems:
            return {}, list(self.problems)
        if self.described and self.measures:
            return {}, [_("Describe columns, or compute single figures of them: remove one of the two.")]
        document = {name: value for name, value in self._document().items() if value} | ({"read": read} if read else {})
        serializer = INPUTS[self.operation](data={"file_path": "file", **document})
        if serializer.is_valid():
            return serializer.parameters(), []
        return {}, [f"{name}: {_first_message(errors)}" for name, errors in serializer.errors.items()]

    def rows(self) -> tuple[dict[str, Any], list[str]]:
        """Return which rows of the file are shown and in which order, as `parameters` does."""
        document = {"where": list(self.conditions), "sort": orders_as_json(self.order)}
        serializer = NonNullInput(
            data={"file_path": "file", "columns": ["any"]} | {k: v for k, v in document.items() if v}
        )
        if serializer.is_valid():
            found = serializer.parameters()
            return {name: found[name] for name in document if found.get(name)}, []
        return {}, [f"{name}: {_first_message(errors)}" for name, errors in serializer.errors.items()]

    def _document(self) -> dict[str, Any]:
        there = [each["column"] for each in self.conditions if _asks_for_values(each)]
        if self.is_of_rows:  # what has values in some columns is found faster than what fits conditions
            where = [each for each in self.conditions if not _asks_for_values(each)]
            own: dict[str, Any] = {"columns": list(dict.fromkeys(there)), "where": where}
        else:
            own = {"by": list(self.by), "where": list(self.conditions), "columns": list(self.described)}
            own |= {} if self.described else {"aggregations": _by_column(self.measures)}
        orders = self.order if self.is_of_rows else [each for each in self.sort if each[0] in self.outputs]
        return own | {"sort": orders_as_json(orders), "limit": self.limit}


def orders_as_json(orders: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    """Return orders as the API's `sort`."""
    return [{"column": column, "descending": descending} for column, descending in orders]


def _asks_for_values(condition: dict[str, Any]) -> bool:
    return condition["op"] == Comparison.IS_NULL and condition["value"] is False


def _condition(text: str) -> dict[str, Any] | None:
    """The condition that an address has as a JSON list: column, comparison, value."""
    try:
        given = loads(text)
    except (InvalidJson, TooDeep):
        return None
    if not isinstance(given, list) or len(given) != TRIPLE or not all(isinstance(each, str) for each in given[:2]):
        return None
    return {"column": given[0], "op": given[1], "value": given[2]}


def _pair(text: str) -> tuple[str, str] | None:
    name, _colon, column = text.partition(":")
    return (name, column) if column else None


def _orders(texts: Sequence[str]) -> list[tuple[str, bool]]:
    """What addresses have as asc:price and desc:price; each column once."""
    pairs = {
        column: direction == "desc" for direction, _colon, column in (text.partition(":") for text in texts) if column
    }
    return list(pairs.items())


def _by_column(measures: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    aggregations: dict[str, list[str]] = {}
    for name, column in measures:
        aggregations.setdefault(column, []).append(name)
    return aggregations


def _first_message(errors: Any) -> str:
    while not isinstance(errors, str):
        errors = next(iter(errors.values())) if isinstance(errors, dict) else next(each for each in errors if each)
    return str(errors)
